import type { AttemptLine, SessionState } from '../../src/session/state.ts';
import { attemptVerdict } from '../columns/verdict.ts';

/** At one time no more than this is read out; a burst is told by its number. */
const MOST = 5;

/** Attempts that are new, and those whose verdict turned. */
export function announceAttempts(before: SessionState, after: SessionState): readonly string[] {
  if (before.attempts === after.attempts) return [];
  const known = new Map(before.attempts.map((line) => [line.key, line]));
  const turned = after.attempts.filter((line) => {
    const old = known.get(line.key);
    return old !== line && old?.row.verdict !== line.row.verdict;
  });
  const lines = turned.slice(0, MOST).map(sentence).reverse();
  return turned.length > MOST ? [`and ${turned.length - MOST} more attempts`, ...lines] : lines;
}

function sentence({ row, why }: AttemptLine): string {
  const port = row.port === undefined ? '' : ` port ${row.port}`;
  const word = attemptVerdict(row.verdict).text.replace(/^\S+ /, '');
  return `${word}: ${row.sourceName} to ${row.destinationName}${port}${why === '' ? '' : `, ${why}`}`;
}
