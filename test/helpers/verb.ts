import { main } from '../../src/cli/cli.ts';

/** What a verb has written, and its exit code. */
export type Ran = {
  readonly code: number;
  readonly text: string;
  readonly lines: readonly string[];
  readonly errors: string;
};

/**
 * Runs a verb as the program does, with these variables in the environment, but in this process: for what is not about
 * the process itself. One at a time, as they share the environment.
 *
 * @param onText called with each text that it writes, as it does
 */
export async function runVerb(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onText: (text: string) => void = () => undefined,
): Promise<Ran> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  let text = '';
  let errors = '';
  const output = {
    out: (more: string) => {
      text += more;
      onText(more);
    },
    err: (more: string) => {
      errors += more;
    },
  };
  try {
    const code = await main({ argv: args, output, interactive: false });
    const shown = text.replace(/\n$/, '');
    return { code, text: shown, lines: shown === '' ? [] : shown.split('\n'), errors };
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
