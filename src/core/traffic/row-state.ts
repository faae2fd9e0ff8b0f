import type { AttemptRow, AttemptVerdict } from './attempt.ts';
import type { AttemptState } from './attempt-state.ts';
import type { Flow, FlowEnd } from './flow.ts';
import { type Identity, identify, rowKeyOf } from './names.ts';
import { attemptOf } from './snapshots.ts';

/** One row during folding. */
export type RowState = {
  readonly key: string;
  readonly source: Identity;
  readonly destination: Identity;
  readonly sourceEnd: FlowEnd;
  readonly destinationEnd: FlowEnd;
  readonly protocol: Flow['protocol'];
  readonly port: number | undefined;
  readonly attempts: Set<AttemptState>;
  count: number;
  dropped: number;
  first: number;
  last: number;
  verdict: AttemptVerdict;
  turned: number;
  newest: AttemptState;
  snapshot: AttemptRow | undefined;
};

/** An empty row for an attempt; the attempt still has to be added. */
export function startRow(attempt: AttemptState): RowState {
  const source = identify(attempt.source);
  const destination = identify(attempt.destination);
  return {
    key: rowKeyOf(source, destination, attempt),
    source,
    destination,
    sourceEnd: attempt.source,
    destinationEnd: attempt.destination,
    protocol: attempt.protocol,
    port: attempt.destination.port,
    attempts: new Set(),
    count: 0,
    dropped: 0,
    first: attempt.first,
    last: attempt.last,
    verdict: attempt.verdict,
    turned: attempt.turned,
    newest: attempt,
    snapshot: undefined,
  };
}

/** Updates the row after one of its attempts changed. */
export function refreshRow(row: RowState, attempt: AttemptState): void {
  row.snapshot = undefined;
  if (attempt.first < row.first) row.first = attempt.first;
  if (attempt.last > row.last) row.last = attempt.last;
  if (isNewer(attempt, row.newest)) row.newest = attempt;
  const { verdict } = row.newest;
  if (verdict === row.verdict) return;
  row.verdict = verdict;
  row.turned = row.newest.turned;
}

/** Pending attempts don't determine a row while it has others. */
function isNewer(attempt: AttemptState, newest: AttemptState): boolean {
  const isSettled = attempt.verdict !== 'pending';
  if (isSettled !== (newest.verdict !== 'pending')) return isSettled;
  return attempt.tried >= newest.tried;
}

/** Moves everything from one row into another of the same path, when a better name showed that they are the same. */
export function mergeRows(from: RowState, into: RowState): void {
  into.snapshot = undefined;
  into.count += from.count;
  into.dropped += from.dropped;
  into.first = Math.min(into.first, from.first);
  into.last = Math.max(into.last, from.last);
  for (const attempt of from.attempts) into.attempts.add(attempt);
  if (isNewer(from.newest, into.newest)) {
    into.newest = from.newest;
    into.verdict = from.verdict;
    into.turned = from.turned;
  }
}

/** The row as others see it; the same object until it changes. */
export function rowOf(row: RowState): AttemptRow {
  row.snapshot ??= {
    key: row.key,
    verdict: row.verdict,
    count: row.count,
    dropped: row.dropped,
    first: row.first,
    last: row.last,
    turned: row.turned,
    source: row.newest.source,
    destination: row.newest.destination,
    sourceName: row.source.name,
    destinationName: row.destination.name,
    port: row.port,
    protocol: row.protocol,
    newest: attemptOf(row.newest),
  };
  return row.snapshot;
}
