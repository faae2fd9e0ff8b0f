import { type AttemptRow, type AttemptVerdict, RECENT, RECENT_STEP, type Recent } from './attempt.ts';
import type { AttemptState } from './attempt-state.ts';
import type { Flow, FlowEnd } from './flow.ts';
import { type Grouping, type Identity, identify, rowKeyOf } from './names.ts';
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
  recent: Recent;
  first: number;
  last: number;
  verdict: AttemptVerdict;
  turned: number;
  newest: AttemptState;
  snapshot: AttemptRow | undefined;
};

const NONE: Recent = { newest: 0, counts: Array.from({ length: RECENT }, () => 0) };

/** Counts an attempt that began at `time`, ms. One older than the last minute is left out. */
export function countRecent(row: RowState, time: number): void {
  const step = Math.floor(time / RECENT_STEP);
  const { newest, counts } = movedTo(row.recent, Math.max(step, row.recent.newest));
  const at = RECENT - 1 - (newest - step);
  row.recent = { newest, counts: counts.map((count, index) => (index === at ? count + 1 : count)) };
}

function movedTo({ newest, counts }: Recent, to: number): Recent {
  const by = Math.min(RECENT, to - newest);
  return by === 0
    ? { newest, counts }
    : { newest: to, counts: [...counts.slice(by), ...NONE.counts.slice(0, by)] };
}

function sum(one: Recent, other: Recent): Recent {
  const newest = Math.max(one.newest, other.newest);
  const [a, b] = [movedTo(one, newest), movedTo(other, newest)];
  return { newest, counts: a.counts.map((count, at) => count + (b.counts[at] ?? 0)) };
}

/** An empty row for an attempt; the attempt still has to be added. */
export function startRow(attempt: AttemptState, by: Grouping): RowState {
  const source = identify(attempt.source, by);
  const destination = identify(attempt.destination, by);
  const path = rowKeyOf(source, destination, attempt);
  return {
    key: by === 'attempt' ? `${path}#${attempt.key}@${attempt.first}` : path,
    source,
    destination,
    sourceEnd: attempt.source,
    destinationEnd: attempt.destination,
    protocol: attempt.protocol,
    port: attempt.destination.port,
    attempts: new Set(),
    count: 0,
    dropped: 0,
    recent: NONE,
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
  into.recent = sum(from.recent, into.recent);
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
    recent: row.recent,
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
