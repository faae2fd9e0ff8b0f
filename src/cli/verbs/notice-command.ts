import { spawn } from 'node:child_process';
import { safeText } from '../../core/common/common.ts';

/**
 * Runs a program for each notice, with the text as its last argument and without a shell. Nothing waits for it, it has
 * no terminal, and it outlives the app.
 *
 * @param onProblem gets why it failed and the next step, the first time only
 */
export function createNoticeCommand(
  [program, ...args]: readonly [string, ...string[]],
  onProblem: (text: string, hint: string) => void,
): (text: string) => void {
  let told = false;
  const fail = (why: string) => {
    if (told) return;
    told = true;
    onProblem(
      `The command ${safeText(program)} for notices ${why}.`,
      'Check notify.command in the configuration file; it is told once.',
    );
  };
  return (text) => {
    try {
      const child = spawn(program, [...args, text], { stdio: 'ignore', detached: true, windowsHide: true });
      child.on('error', (error) => fail(`could not be run: ${safeText(error.message)}`));
      child.on('exit', (code) => {
        if (code !== null && code !== 0) fail(`exited with ${code}`);
      });
      child.unref();
    } catch (error) {
      fail(`could not be run: ${safeText(String(error))}`);
    }
  };
}
