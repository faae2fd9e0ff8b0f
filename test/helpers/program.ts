import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One event of line mode, as JSON. */
export type ProgramEvent = { readonly event: string; readonly [field: string]: unknown };

/** The real program, running: its lines as they come. */
export type Program = {
  readonly process: ChildProcess;
  /** Lines of stdout so far. */
  readonly lines: readonly string[];
  readonly errors: () => string;
  /** The first JSON line that fits, whether printed already or yet to come; rejects when the program ends first. */
  readonly until: (
    fits: (value: Readonly<Record<string, unknown>>) => boolean,
  ) => Promise<Readonly<Record<string, unknown>>>;
  readonly event: (name: string) => Promise<Readonly<Record<string, unknown>>>;
  /** The exit code; 128 + n when a signal ended it. */
  readonly ended: Promise<number>;
};

/** Runs the bundle as a user does. */
export function runProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, ['dist/sluice.js', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let errors = '';
  let over = false;
  const wake = () => {
    for (const call of waiting) call();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake();
  });
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code, signal) => {
      over = true;
      wake();
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 128));
    });
  });
  const until: Program['until'] = (fits) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.map(parsed).find((value) => value !== undefined && fits(value));
        if (found === undefined && !over) return;
        waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`ended without what was waited for\n${lines.join('\n')}\n${errors}`));
      };
      waiting.add(look);
      look();
    });
  return {
    process: child,
    lines,
    errors: () => errors,
    until,
    event: (name) => until(({ event }) => event === name),
    ended,
  };
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
