import type { Exec } from '../../../src/core/ports/ports.ts';

type Answer = { readonly code?: number; readonly stdout?: string; readonly stderr?: string } | Error;

/** One call, with what it was asked to run. */
export type Call = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
};

/**
 * An `Exec` over pods that exist on paper only: `answer` says what a command prints; undefined is a program that the
 * image does not have. `running` counts the calls under way, `most` how many there were at once.
 */
export function scriptedExec(answer: (call: Call) => Answer | undefined | Promise<Answer | undefined>) {
  const calls: Call[] = [];
  const count = { running: 0, most: 0 };
  const exec: Exec = async (target, command, { signal }) => {
    signal.throwIfAborted();
    const call = { ...target, command };
    calls.push(call);
    count.running += 1;
    count.most = Math.max(count.most, count.running);
    try {
      const said = await answer(call);
      signal.throwIfAborted();
      if (said instanceof Error) throw said;
      if (said === undefined) return { code: 127, stdout: '', stderr: 'executable file not found in $PATH' };
      return { code: 0, stdout: '', stderr: '', ...said };
    } finally {
      count.running -= 1;
    }
  };
  return { exec, calls, count };
}
