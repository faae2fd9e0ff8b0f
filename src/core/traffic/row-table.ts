import { type AttemptRow, attemptKey } from './attempt.ts';
import type { AttemptState } from './attempt-state.ts';
import type { Flow, FlowEnd } from './flow.ts';
import { enrich, type Grouping, type Identity, identify } from './names.ts';
import { countRecent, mergeRows, type RowState, refreshRow, rowOf, startRow } from './row-state.ts';

/** The rows by key, the most recently touched one last. */
export type RowTable = {
  /** Puts a new attempt into the row of its path. */
  place(attempt: AttemptState): void;
  /** Updates the row of an attempt. */
  touch(attempt: AttemptState): void;
  /** Moves an attempt to another row when better names require it. */
  move(attempt: AttemptState): void;
  /** Renames every row that knew this end only by pod name or address. */
  rename(end: FlowEnd): void;
  /** Counts an attempt as dropped, once. */
  countDrop(attempt: AttemptState): void;
  /** Removes a forgotten attempt; its row stays. */
  release(attempt: AttemptState): void;
  /** Makes all rows anew, of these attempts, the oldest first. */
  group(by: Grouping, attempts: readonly AttemptState[]): void;
  list(): readonly AttemptRow[];
  readonly forgotten: number;
};

/** Keeps at most `limit` rows; `onForget` gets each attempt of a removed row. */
export function createRowTable(limit: number, onForget: (attempt: AttemptState) => void): RowTable {
  const rows = new Map<string, RowState>();
  const provisional = new Map<string, Set<RowState>>();
  let listed: readonly AttemptRow[] | undefined;
  let forgotten = 0;
  let by: Grouping = 'workload';

  function put(row: RowState): RowState {
    rows.set(row.key, row);
    for (const key of provisionalKeys(row)) {
      const known = provisional.get(key);
      if (known === undefined) provisional.set(key, new Set([row]));
      else known.add(row);
    }
    return row;
  }

  function remove(row: RowState): void {
    rows.delete(row.key);
    for (const key of provisionalKeys(row)) {
      const known = provisional.get(key);
      known?.delete(row);
      if (known?.size === 0) provisional.delete(key);
    }
  }

  function forgetOldest(): void {
    for (const oldest of rows.values()) {
      remove(oldest);
      forgotten += 1;
      for (const attempt of oldest.attempts) onForget(attempt);
      return;
    }
  }

  function place(attempt: AttemptState): void {
    const fresh = startRow(attempt, by);
    const row = rows.get(fresh.key) ?? put(fresh);
    attempt.rowKey = row.key;
    row.attempts.add(attempt);
    row.count += 1;
    countRecent(row, attempt.first);
    if (attempt.wasDropped) row.dropped += 1;
    touchRow(row, attempt);
    if (rows.size > limit) forgetOldest();
  }

  function touchRow(row: RowState, attempt: AttemptState): void {
    listed = undefined;
    rows.delete(row.key);
    rows.set(row.key, row);
    refreshRow(row, attempt);
  }

  function take(attempt: AttemptState): void {
    const row = rows.get(attempt.rowKey);
    if (row === undefined) return;
    row.attempts.delete(attempt);
    row.snapshot = undefined;
    row.count -= 1;
    if (attempt.wasDropped) row.dropped -= 1;
    if (row.newest !== attempt) return;
    const [next, ...others] = row.attempts;
    if (next === undefined) {
      remove(row);
      return;
    }
    row.newest = next;
    for (const other of [next, ...others]) refreshRow(row, other);
  }

  function renameRow(row: RowState, id: string, end: FlowEnd): void {
    for (const attempt of new Set([row.newest, ...row.attempts])) {
      if (identify(attempt.source, by).key === id) attempt.source = enrich(attempt.source, end);
      if (identify(attempt.destination, by).key === id)
        attempt.destination = enrich(attempt.destination, end);
      attempt.snapshot = undefined;
    }
    remove(row);
    const fresh = startRow(row.newest, by);
    const target = rows.get(fresh.key);
    if (target === undefined) {
      put({
        ...row,
        key: fresh.key,
        source: fresh.source,
        destination: fresh.destination,
        snapshot: undefined,
      });
    } else {
      mergeRows(row, target);
    }
    for (const attempt of new Set([row.newest, ...row.attempts])) attempt.rowKey = fresh.key;
  }

  return {
    place,
    touch(attempt) {
      const row = rows.get(attempt.rowKey);
      if (row !== undefined) touchRow(row, attempt);
      else if (!attempt.forgotten) place(attempt);
    },
    move(attempt) {
      if (attempt.forgotten || startRow(attempt, by).key === attempt.rowKey) return;
      take(attempt);
      place(attempt);
    },
    rename(end) {
      for (const id of provisionalIds(end, by)) {
        for (const row of [...(provisional.get(id) ?? [])]) {
          listed = undefined;
          renameRow(row, id, end);
        }
      }
    },
    countDrop(attempt) {
      attempt.wasDropped = true;
      const row = rows.get(attempt.rowKey);
      if (row !== undefined) row.dropped += 1;
    },
    release(attempt) {
      rows.get(attempt.rowKey)?.attempts.delete(attempt);
    },
    group(grouping, attempts) {
      by = grouping;
      rows.clear();
      provisional.clear();
      listed = undefined;
      for (const attempt of attempts) place(attempt);
    },
    list() {
      listed ??= [...rows.values()].reverse().map(rowOf).sort(newestFirst);
      return listed;
    },
    get forgotten() {
      return forgotten;
    },
  };
}

/** Rows of equal time stay in the order they were touched. */
function newestFirst(one: AttemptRow, other: AttemptRow): number {
  return other.last - one.last;
}

function provisionalKeys({ source, destination }: RowState): readonly string[] {
  return [source, destination].filter(isProvisional).map(({ key }) => key);
}

function isProvisional(identity: Identity): boolean {
  return identity.provisional;
}

/** Possible identifiers of an end before its workload or DNS name was known. */
function provisionalIds({ workload, dns, ...less }: FlowEnd, by: Grouping): readonly string[] {
  if (workload === undefined && dns === undefined) return [];
  const { pod, service, ...bare } = less;
  return [identify(less, by), identify(bare, by)].filter(isProvisional).map(({ key }) => key);
}

/** The attempts by key, the most recently touched one last. */
export type AttemptTable = {
  get(key: string): AttemptState | undefined;
  /** The attempt that a flow of the request direction belongs to; it becomes the most recently touched. */
  find(flow: Flow): AttemptState | undefined;
  add(state: AttemptState): void;
  forget(state: AttemptState): void;
  newestFirst(): AttemptState[];
  readonly forgotten: number;
};

/**
 * Flows with the same key within this time are one attempt: Linux gives up on a SYN after 127 s (tcp_syn_retries = 6,
 * HUB-19).
 */
const WINDOW = 130_000;

/** A SYN this long after the answer opens another connection from the same port. */
const REUSE = 1_000;

/** Keeps at most `limit` attempts; `onForget` gets each one removed, or whose key a later one took. */
export function createAttemptTable(limit: number, onForget: (state: AttemptState) => void): AttemptTable {
  const states = new Map<string, AttemptState>();
  let forgotten = 0;

  function remove(state: AttemptState): void {
    if (states.get(state.key) === state) states.delete(state.key);
    state.forgotten = true;
  }

  function forget(state: AttemptState): void {
    remove(state);
    forgotten += 1;
  }

  return {
    get: (key) => states.get(key),
    find(flow) {
      const key = attemptKey(flow);
      const state = states.get(key);
      if (state === undefined || !belongs(state, flow)) return undefined;
      states.delete(key);
      states.set(key, state);
      return state;
    },
    add(state) {
      const before = states.get(state.key);
      if (before !== undefined) {
        remove(before);
        onForget(before);
      }
      states.set(state.key, state);
      if (states.size <= limit) return;
      for (const oldest of states.values()) {
        forget(oldest);
        onForget(oldest);
        return;
      }
    },
    forget,
    newestFirst: () => [...states.values()].reverse(),
    get forgotten() {
      return forgotten;
    },
  };
}

function belongs(state: AttemptState, { time, tcpFlags }: Flow): boolean {
  if (time > state.last + WINDOW || time < state.first - WINDOW) return false;
  const opensAgain = time > state.answeredAt + REUSE && tcpFlags?.includes('SYN') === true;
  return state.protocol !== 'TCP' || state.answeredAt === Number.NEGATIVE_INFINITY || !opensAgain;
}
