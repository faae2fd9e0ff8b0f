import type { WorkloadRef } from '../cluster/cluster.ts';
import { absorb, absorbReply } from './absorb.ts';
import { type Attempt, type AttemptRow, type AttemptVerdict, attemptKey, replyKey } from './attempt.ts';
import { type AttemptState, NEVER, startAttempt } from './attempt-state.ts';
import { repliesTo } from './evidence.ts';
import { EVENT, type Flow, type FlowEnd } from './flow.ts';
import { createNameBook } from './name-book.ts';
import type { Grouping } from './names.ts';
import { createRates, type RateSample } from './rates.ts';
import { createAttemptTable, createRowTable } from './row-table.ts';
import { attemptOf } from './snapshots.ts';

export type FoldOptions = {
  /**
   * The workload of a pod given by name or address, from the cluster. Hubble reports it only for pods on the reporting
   * node (HUB-15).
   */
  readonly workloadOf?: (end: FlowEnd) => WorkloadRef | undefined;
  readonly maxRows?: number;
  readonly maxAttempts?: number;
  /** How long an attempt stays pending after its source's node let it go, ms. */
  readonly grace?: number;
};

/** All given conditions must hold. */
export type AttemptFilter = {
  readonly rowKey?: string;
  /** Only attempts with a flow at or after this time, ms. */
  readonly since?: number;
  readonly verdicts?: readonly AttemptVerdict[];
};

/** Flows in, attempts and rows out. Times of flows are node time, `now` is local; both ms. */
export type Fold = {
  add(flows: readonly Flow[], now: number): void;
  /** Newest first. Unchanged rows keep their identity; so does the array when nothing changed. */
  rows(now: number): readonly AttemptRow[];
  /** What a row stands for from now on, by workload at first; rows then count the attempts still remembered. */
  group(by: Grouping): void;
  /** Attempts still remembered, the one that changed last first. */
  attempts(filter?: AttemptFilter): readonly Attempt[];
  /** Attempts that got or changed a verdict since the last call, in that order. */
  settled(now: number): readonly Attempt[];
  /** An attempt counts once as dropped, as in its row, or once as what its first verdict was. */
  samples(now: number, namespace?: string): readonly RateSample[];
  /** Flows a second over the last seconds. */
  rate(now: number): number;
  /** How many were forgotten to stay within the limits. */
  forgotten(): { readonly rows: number; readonly attempts: number };
};

/** UUIDs remembered; sources that resume remove duplicates themselves. */
const UUIDS = 20_000;

/** How often waiting attempts are checked, ms. */
const LOOK = 100;

const DEFAULTS = { maxRows: 5_000, maxAttempts: 5_000, grace: 2_500 };

/** Folds flows into connection attempts, and those into rows (HUB-17, HUB-19). */
export function createFold(options: FoldOptions = {}): Fold {
  const { maxRows, maxAttempts, grace } = { ...DEFAULTS, ...options };
  const book = createNameBook(options.workloadOf ?? (() => undefined));
  const rates = createRates();
  const uuids = createRecent(UUIDS);
  const attempts = createAttemptTable(maxAttempts, (state) => rows.release(state));
  const rows = createRowTable(maxRows, (state) => attempts.forget(state));
  const waiting = new Set<AttemptState>();
  const turned = new Set<AttemptState>();
  let looked = Number.NEGATIVE_INFINITY;

  function addFlow(flow: Flow, now: number): void {
    if (flow.uuid !== undefined && !uuids.add(flow.uuid)) return;
    if (flow.eventType === EVENT.traceSock) {
      book.translate(flow);
      return;
    }
    if (isNameless(flow.source) && isNameless(flow.destination)) return;
    const isReply = repliesTo(flow);
    const asked = isReply === false ? undefined : attempts.get(replyKey(flow));
    if (asked !== undefined) addTo(asked, () => absorbReply(asked, flow), now);
    else if (isReply !== true) {
      const state = attempts.find(flow) ?? start(flow);
      addTo(state, () => absorb(state, flow, now), now);
    }
  }

  function addTo(state: AttemptState, take: () => void, now: number): void {
    const { source, destination } = state;
    take();
    if (state.source !== source) learn(state.source);
    if (state.destination !== destination) learn(state.destination);
    if (state.source !== source || state.destination !== destination) rows.move(state);
    settle(state, now);
  }

  function start(flow: Flow): AttemptState {
    const source = book.complete(flow.source);
    const destination = book.complete(flow.destination);
    learn(source);
    learn(destination);
    const service = destination.service ?? book.serviceOf(source, destination);
    const state = startAttempt(
      attemptKey(flow),
      flow,
      source,
      service === destination.service ? destination : { ...destination, service },
    );
    attempts.add(state);
    rows.place(state);
    return state;
  }

  function learn(end: FlowEnd): void {
    if (book.learn(end)) rows.rename(end);
  }

  function settle(state: AttemptState, now: number): void {
    const verdict = judge(state, now, grace);
    if (verdict !== state.verdict) turn(state, verdict, now);
    if (mayTurn(state, now, grace)) waiting.add(state);
    else waiting.delete(state);
    rows.touch(state);
  }

  function turn(state: AttemptState, verdict: AttemptVerdict, now: number): void {
    const isFirst = !state.wasDropped && (verdict === 'drop' || state.verdict === 'pending');
    if (isFirst) rates.verdict(verdict, namespacesOf(state), now);
    if (verdict === 'drop' && !state.wasDropped) rows.countDrop(state);
    state.verdict = verdict;
    state.turned = state.last;
    state.snapshot = undefined;
    turned.delete(state);
    turned.add(state);
    trim(turned, maxAttempts);
  }

  /** Gives a verdict to attempts whose grace period is over. */
  function look(now: number): void {
    if (now - looked < LOOK) return;
    looked = now;
    for (const state of waiting) {
      if (!mayTurn(state, now, grace)) settle(state, now);
    }
    trim(waiting, 4 * maxAttempts);
  }

  return {
    add(flows, now) {
      rates.flows(flows.length, now);
      for (const flow of flows) addFlow(flow, now);
      look(now);
    },
    rows(now) {
      look(now);
      return rows.list();
    },
    group(by) {
      rows.group(by, attempts.newestFirst().reverse());
    },
    attempts({ rowKey, since, verdicts } = {}) {
      return attempts
        .newestFirst()
        .filter(
          (state) =>
            (rowKey === undefined || state.rowKey === rowKey) &&
            (since === undefined || state.last >= since) &&
            (verdicts === undefined || verdicts.includes(state.verdict)),
        )
        .map(attemptOf);
    },
    settled(now) {
      look(now);
      const found = [...turned].map(attemptOf);
      turned.clear();
      return found;
    },
    samples: rates.samples,
    rate: rates.rate,
    forgotten: () => ({ rows: rows.forgotten, attempts: attempts.forgotten }),
  };
}

/** Whoever looks at one of these sees the attempt. */
function namespacesOf({ source, destination }: AttemptState): readonly string[] {
  return [source.namespace, destination.namespace, destination.service?.namespace].filter(
    (namespace) => namespace !== undefined,
  );
}

/** Drops of broken packets may have no names (HUB-16). */
function isNameless({ ip, pod }: FlowEnd): boolean {
  return ip === undefined && pod === undefined;
}

function trim<T>(set: Set<T>, limit: number): void {
  for (const oldest of set) {
    if (set.size <= limit) return;
    set.delete(oldest);
  }
}

/** Remembers at least the last `limit` distinct values, and at most twice as many. */
type Recent = {
  /** Whether the value is new; it is remembered from now on. */
  add(value: string): boolean;
};

/** Two generations of a set: when the young one is full, the old one is dropped as a whole. */
function createRecent(limit: number): Recent {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    add(value) {
      if (young.has(value) || old.has(value)) return false;
      young.add(value);
      if (young.size >= limit) {
        old = young;
        young = new Set();
      }
      return true;
    },
  };
}

/** Retries come a second apart; what the source's node reports this long after a drop belongs to a later packet. */
const RETRY_GAP = 500;

/**
 * The verdict of an attempt at local time `now`: from what was found on its last try, DROPPED and ERROR over AUDIT over
 * REDIRECTED over FORWARDED (HUB-20). If only the source's node reported, it is pending until the destination reports,
 * an answer comes, or `grace` ms have passed.
 */
function judge(state: AttemptState, now: number, grace: number): AttemptVerdict {
  const bad = Math.max(state.droppedAt, state.failedAt);
  if (bad !== NEVER && bad >= state.passedAt && !leftLater(state, now, grace)) {
    return state.droppedAt >= state.failedAt ? 'drop' : 'error';
  }
  if (state.refusedAt !== NEVER && state.refusedAt >= state.passedAt) return 'failed';
  if (state.audited) return 'audit';
  if (state.proxied) return 'l7';
  if (state.passedAt !== NEVER) return 'allow';
  return hasWaited(state, now, grace) ? 'allow' : 'pending';
}

/**
 * Whether a later packet left the source's node after one was dropped there, with nothing seen since. After a drop at
 * the destination this means nothing.
 */
function leftLater(state: AttemptState, now: number, grace: number): boolean {
  return (
    state.dropDirection === 'egress' &&
    state.sentAt > state.droppedAt + RETRY_GAP &&
    state.sentAt > state.failedAt + RETRY_GAP &&
    hasWaited(state, now, grace)
  );
}

function hasWaited({ sentSeen }: AttemptState, now: number, grace: number): boolean {
  return sentSeen !== NEVER && now - sentSeen >= grace;
}

/** Whether the verdict may still change with time alone. */
function mayTurn(state: AttemptState, now: number, grace: number): boolean {
  if (state.sentSeen === NEVER || hasWaited(state, now, grace)) return false;
  return state.verdict === 'pending' || state.verdict === 'drop' || state.verdict === 'error';
}
