import type { Flow } from '../flow.ts';
import { attemptKey } from './attempt-key.ts';
import type { AttemptState } from './attempt-state.ts';

/** The attempts by key, the one touched last at the end. */
export type AttemptTable = {
  get(key: string): AttemptState | undefined;
  /** The attempt that a flow of the request direction belongs to, as the one touched last. */
  find(flow: Flow): AttemptState | undefined;
  add(state: AttemptState): void;
  forget(state: AttemptState): void;
  newestFirst(): AttemptState[];
  readonly forgotten: number;
};

/**
 * Flows with the same key within this time are one attempt: Linux gives up a SYN after 127 s (tcp_syn_retries = 6,
 * HUB-19).
 */
const WINDOW = 130_000;

/** A SYN this long after the answer opens another connection from the same port. */
const REUSE = 1_000;

/** Keeps at most `limit` attempts; `onForget` gets each that had to go, or gave its key to a later one. */
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
