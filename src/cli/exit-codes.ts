import type { ErrorCode } from '../core/errors.ts';
import type { Decision } from '../core/policy/model/verdict.ts';

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
