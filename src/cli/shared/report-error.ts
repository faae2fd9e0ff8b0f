import { asSluiceError, type ErrorCode, safeText } from '../../core/common/common.ts';
import type { Decision } from '../../core/policy/model/model.ts';
import { type Format, type Output, toJson } from './write.ts';

/**
 * Reports an error on stderr: one sentence with the value at fault, one with the next step, and the stack with `--debug`
 * only. With `-o json` it is one JSON object. An interrupt by the user is not reported.
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

/** Exit codes, as the README lists them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  deny: 3,
  undecidable: 4,
  leftovers: 6,
  interrupted: 130,
} as const;

/** The exit code of an error. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'usage':
    case 'config':
      return EXIT.usage;
    case 'interrupted':
      return EXIT.interrupted;
    default:
      return EXIT.failed;
  }
}

/** The exit code of a verdict: a script can branch on it. */
export function exitCodeOfVerdict(verdict: Decision): number {
  switch (verdict) {
    case 'allow':
      return EXIT.done;
    case 'deny':
      return EXIT.deny;
    case 'undecidable':
      return EXIT.undecidable;
  }
}
