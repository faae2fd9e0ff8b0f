import { execFile } from 'node:child_process';
import type { Exec } from '../../../src/core/ports/ports.ts';

/** One exec that was asked for. */
export type Asked = { readonly pod: string; readonly container: string; readonly command: readonly string[] };

/**
 * An `Exec` whose every container is this machine: the command really runs, with `path` as its PATH. A program that
 * is not there ends with 127, as with most container runtimes. `asked` keeps what was asked for.
 */
export function localExec(path: string = process.env.PATH ?? ''): { exec: Exec; asked: Asked[] } {
  const asked: Asked[] = [];
  const exec: Exec = ({ pod, container }, command, { signal, timeout }) => {
    asked.push({ pod, container, command });
    const [program = '', ...rest] = command;
    return new Promise((resolve, reject) => {
      const env = { ...process.env, PATH: path };
      execFile(program, rest, { signal, timeout, env }, (error, stdout, stderr) => {
        if (error?.name === 'AbortError') reject(error);
        else if (error?.code === 'ENOENT')
          resolve({ code: 127, stdout, stderr: 'executable file not found' });
        else
          resolve({
            code: error === null ? 0 : typeof error.code === 'number' ? error.code : 137,
            stdout,
            stderr,
          });
      });
    });
  };
  return { exec, asked };
}
