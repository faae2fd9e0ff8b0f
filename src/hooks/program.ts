import { spawn } from 'node:child_process';
import { type ProgramArguments, safeText } from '../core/common/common.ts';
import { DELIVER_WITHIN, type Outcome } from './sink.ts';

/** The last words of a program that are told when it fails, characters. */
const LAST_WORDS = 200;

/**
 * Runs a program without a shell and without a terminal, with a notice on its stdin. It is taken once the program exits
 * with 0. One that takes too long is ended, with all that it started.
 */
export function runProgram(
  [program, ...args]: ProgramArguments,
  body: string,
  signal: AbortSignal,
  within: number = DELIVER_WITHIN,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const failed = (why: string) => resolve({ ok: false, why });
    let child: ReturnType<typeof start>;
    try {
      child = start(program, args);
    } catch (error) {
      failed(`could not be run: ${safeText(String(error))}`);
      return;
    }
    let words = '';
    let cut: string | undefined;
    const end = (why: string) => {
      cut ??= why;
      endGroup(child.pid);
    };
    const timer = setTimeout(() => end(`did not exit within ${within / 1_000} s`), within);
    const onAbort = () => end('was interrupted');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    child.stderr.on('data', (data: Buffer) => {
      words = `${words}${data.toString()}`.slice(-LAST_WORDS);
    });
    // A program need not read what it is told.
    child.stdin.on('error', () => undefined);
    child.stdin.end(body);
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    child.on('error', (error) => {
      over();
      failed(`could not be run: ${safeText(error.message)}`);
    });
    child.on('exit', (code, by) => {
      over();
      child.stderr.destroy();
      if (cut !== undefined) failed(cut);
      else if (code === 0) resolve({ ok: true });
      else failed(`${code === null ? `was ended by ${by}` : `exited with ${code}`}${lastLine(words)}`);
    });
  });
}

function start(program: string, args: readonly string[]) {
  // A group of its own, so that ctrl-c in the terminal does not end it.
  return spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true, windowsHide: true });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function lastLine(words: string): string {
  const line = words.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${safeText(line).replace(/\.$/, '')}`;
}
