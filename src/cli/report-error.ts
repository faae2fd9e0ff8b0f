import { asSluiceError } from '../core/errors.ts';
import { safeText } from '../core/safe-text.ts';
import { exitCodeOf } from './exit-codes.ts';
import { toJson } from './output/json.ts';
import type { Format, Output } from './output/write.ts';

/**
 * Tells a person what went wrong, on stderr: one sentence with the value at fault, one with the next step; the stack
 * with `--debug` only. With `-o json` it is one JSON object. Who interrupts a verb knows that he did: nothing is said.
 *
 * @returns the exit code
 */
export function reportError(
  error: unknown,
  output: Output,
  { format, debug }: { readonly format: Format; readonly debug: boolean },
): number {
  const known = asSluiceError(error);
  const { code } = known;
  if (code === 'interrupted') return exitCodeOf(code);
  const message = safeText(known.message, 2_000);
  const hint = safeText(known.hint, 2_000);
  if (format === 'json') output.err(`${toJson({ error: { code, message, hint } })}\n`);
  else output.err(`sluice: ${message}\n${hint === '' ? '' : `        ${hint}\n`}`);
  if (debug) output.err(`${safeStack(known)}\n`);
  return exitCodeOf(code);
}

function safeStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`
    .split('\n')
    .map((line) => safeText(line, 1_000))
    .join('\n');
}
