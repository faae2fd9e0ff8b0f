import type { Grant } from '../../core/grants/grants.ts';
import type { ClusterEvent } from '../../core/live/live.ts';
import type { Clock } from '../../core/ports/ports.ts';
import type { AttemptRow } from '../../core/traffic/traffic.ts';
import { staysFor } from '../grants/grants.ts';
import {
  createClusterRows,
  createConcerns,
  createEpochs,
  createJudgedLines,
  createObjectRows,
} from '../rows/rows.ts';
import type { Runtime, RuntimeListener } from '../runtime/runtime.ts';
import type { AttemptLine, GrantLine, PaneId, PaneState, SessionState, VisibleRows } from '../state/state.ts';
import { type App, PANES } from './app-parts.ts';
import { connectionOf } from './connection-state.ts';
import { drilledAnew } from './drilled-rows.ts';
import { createGrantSpans } from './grant-spans.ts';
import { createJudgedGrants } from './judged-grants.ts';
import { updatedPath } from './path-state.ts';

/** What changed since the last publication. */
export type Dirty = { cluster: boolean; traffic: boolean; grants: boolean };

/** Turns the contents of a connection into the state that the screen shows. */
export type Publisher = {
  readonly publish: (state: SessionState, dirty: Dirty, others: readonly Grant[]) => Partial<SessionState>;
  /**
   * Applies cluster changes; no events means that the reading of policies changed. Returns whether verdicts may change.
   */
  readonly apply: (events: readonly ClusterEvent[]) => boolean;
  /** Continues work that takes longer than a frame, until `isOver`; returns what there is to publish. */
  readonly work: (isOver: () => boolean) => readonly (keyof Dirty)[];
  readonly left: () => 'nothing' | 'later' | 'soon';
};

/** Time budget for judging attempts within one publication, ms. */
const JUDGING = 4;

/** A publisher for one connection; unchanged values keep their identity. */
export function createPublisher(runtime: Runtime, { now, monotonic }: Clock): Publisher {
  const { model, engine } = runtime;
  const concernOf = createConcerns(model);
  const epochs = createEpochs();
  const clusterRows = createClusterRows(model, engine);
  const objectRows = createObjectRows(model);
  const attemptLines = createJudgedLines(model, engine, epochs.of);
  const spans = createGrantSpans();
  let verdicts = 0;
  const judgedGrants = createJudgedGrants(engine, { monotonic }, () => verdicts);
  let sampled = '';
  let order: readonly string[] = [];
  let shown: readonly AttemptRow[] | undefined;

  const publish: Publisher['publish'] = (state, dirty, others) => {
    const { namespace } = state.cluster;
    const change: { -readonly [K in keyof SessionState]?: SessionState[K] } = {};
    if (dirty.cluster) {
      change.pods = clusterRows.pods(namespace);
      if (state.listed === 'workloads') change.workloads = objectRows.workloads(change.pods);
      if (state.listed === 'services') change.services = objectRows.services(namespace);
      change.policies = clusterRows.policies(namespace);
    }
    if (dirty.cluster || dirty.traffic) {
      const at = now();
      const rows = runtime.fold.rows(at);
      const rate = runtime.fold.rate(at);
      if (rate !== state.rate) change.rate = rate;
      if (rows !== shown || dirty.cluster || !state.following) {
        shown = rows;
        const until = monotonic() + JUDGING;
        const all = attemptLines.of(rows, () => monotonic() < until);
        const lines = namespace === undefined ? all : all.filter((line) => touches(line, namespace));
        change.drops = lines.filter(({ row }) => row.verdict === 'drop').length;
        if (state.following) {
          change.attempts = arrangeAttempts(lines, state.panes.attempts, order);
          order = change.attempts.map(({ key }) => key);
        }
      }
      if (state.overlay.type === 'charts') {
        // A second's sample never changes, and each new one costs a drawing.
        const second = `${Math.floor(at / 1000)} ${namespace}`;
        if (second !== sampled || state.samples.length === 0)
          change.samples = runtime.fold.samples(at, namespace);
        sampled = second;
      }
    }
    if (dirty.grants || dirty.cluster) {
      const lines = grantLines(runtime, judgedGrants(others), state.grants);
      if (!sameItems(lines, state.grants)) change.grants = lines;
      spans.note(lines, runtime.connection.api.clock.now() - now());
    }
    if (state.overlay.type === 'charts') change.spans = spans.list();
    return change;
  };

  return {
    publish,
    apply: (events) => {
      if (events.length === 0) epochs.apply({ what: 'everything' });
      let matters = events.length === 0;
      for (const event of events) {
        const concern = concernOf(event);
        epochs.apply(concern);
        clusterRows.apply(event, concern);
        matters ||= concern.what !== 'nothing';
      }
      if (matters) verdicts += 1;
      return matters;
    },
    work: (isOver) => {
      const judged = attemptLines.work(isOver, order);
      if (judged) shown = undefined;
      const cluster = clusterRows.work(isOver);
      return [...(judged ? (['traffic'] as const) : []), ...(cluster ? (['cluster'] as const) : [])];
    },
    left: () => (attemptLines.left() > 0 ? 'soon' : clusterRows.left()),
  };
}

/**
 * Drops first, the newest on top, then everything else. Nothing moves under the user's finger: with the cursor on the
 * top row that one stays there; further down all rows keep their places, and new drops come after the known ones.
 */
function arrangeAttempts(
  lines: readonly AttemptLine[],
  { key, index }: PaneState,
  order: readonly string[],
): readonly AttemptLine[] {
  const known = new Map(lines.map((line) => [line.key, line]));
  const take = (keys: readonly string[]) =>
    keys.flatMap((one) => {
      const line = known.get(one);
      known.delete(one);
      return line === undefined ? [] : [line];
    });
  const kept = take(key === undefined ? [] : index === 0 ? [key] : order);
  // In the last order almost all are sorted already, which sorting makes use of.
  const fresh = [...take(order), ...known.values()].sort(dropsFirst);
  if (index === 0) return [...kept, ...fresh];
  const drops = fresh.filter(isDrop);
  const end = kept.findLastIndex(isDrop) + 1;
  return [...kept.slice(0, end), ...drops, ...kept.slice(end), ...fresh.slice(drops.length)];
}

function isDrop({ row }: AttemptLine): boolean {
  return row.verdict === 'drop';
}

/** Attempts within this many ms count as simultaneous. */
const TOGETHER = 2_000;

/** By time; simultaneous ones by name, so that busy rows don't keep swapping places. */
function dropsFirst(a: AttemptLine, b: AttemptLine): number {
  const dropped = Number(isDrop(b)) - Number(isDrop(a));
  if (dropped !== 0) return dropped;
  const later = Math.floor(b.row.last / TOGETHER) - Math.floor(a.row.last / TOGETHER);
  return later !== 0 ? later : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Whether either end of an attempt is in a namespace. */
export function touches({ row }: AttemptLine, namespace: string): boolean {
  return (
    row.source.namespace === namespace ||
    row.destination.namespace === namespace ||
    row.destination.service?.namespace === namespace
  );
}

/** Own grants first, then those of others; ended ones are forgotten after a while. */
function grantLines(
  runtime: Runtime,
  others: readonly Grant[],
  before: readonly GrantLine[],
): readonly GrantLine[] {
  const now = runtime.connection.api.clock.now();
  const own = runtime.keeper.grants();
  for (const grant of own) {
    if ('at' in grant.state && now - grant.state.at > staysFor(grant)) runtime.keeper.forget(grant.id);
  }
  const mine = runtime.keeper.grants();
  const known = new Set(mine.map(({ id }) => id));
  const all = [...mine, ...others.filter(({ id }) => !known.has(id))];
  return all.map((grant) => before.find((line) => line.grant === grant) ?? { key: grant.id, grant });
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/**
 * Puts each cursor back on its row after rows moved, or on the row in its place. The focused cursor is always on a row,
 * except at the top of the attempts until the first drop: that one should be under it.
 */
export function followCursors(
  state: SessionState,
  visibleRows: VisibleRows,
): SessionState['panes'] | undefined {
  let panes: Record<PaneId, PaneState> | undefined;
  for (const id of PANES) {
    const pane = state.panes[id];
    const rows = visibleRows(state, id);
    const found = pane.key === undefined ? -1 : rows.findIndex(({ key }) => key === pane.key);
    const index = found >= 0 ? found : Math.max(0, Math.min(pane.index, rows.length - 1));
    const free =
      pane.key === undefined && (id !== state.focus || (index === 0 && awaitsDrop(state, id, rows)));
    const key = free ? undefined : rows[index]?.key;
    if (index === pane.index && key === pane.key) continue;
    panes ??= { ...state.panes };
    const { key: _, ...rest } = pane;
    panes[id] = { ...rest, index, ...(key === undefined ? {} : { key }) };
  }
  return panes;
}

function awaitsDrop(
  { attempts, panes }: SessionState,
  id: PaneId,
  rows: readonly { key: string }[],
): boolean {
  if (id !== 'attempts' || panes.attempts.sort !== undefined) return false;
  const top = attempts.find(({ key }) => key === rows[0]?.key);
  return top !== undefined && !isDrop(top);
}

/** Cluster changes are published at most ten times a second, ms; keys take effect immediately. */
const PUBLISH_EVERY = 100;

/** Publishes the contents of the connection into the state, at a rate that the screen can follow. */
export type Publishing = {
  /** Something changed: publish within a tenth of a second. */
  readonly soon: (what: keyof Dirty) => void;
  /** Publishes these parts, and whatever else is pending, immediately. */
  readonly now: (...what: readonly (keyof Dirty)[]) => void;
  /** Changes in the cluster; no events means that the reading of policies changed. */
  readonly changed: (events: readonly ClusterEvent[]) => void;
  /** Switches to another connection. */
  readonly over: (runtime: Runtime) => void;
  /** Sets the grants made by others. */
  readonly setOthers: (grants: readonly Grant[]) => void;
  readonly dispose: () => void;
};

export function createPublishing(app: App): Publishing {
  let publisher: Publisher | undefined;
  let others: readonly Grant[] = [];
  let dirty: Dirty = { cluster: false, traffic: false, grants: false };
  let verdictsMayDiffer = false;
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  const stop = () => {
    clearTimeout(timer);
    clearImmediate(immediate);
    timer = undefined;
  };

  const publish = () => {
    stop();
    const runtime = app.runtime();
    if (runtime === undefined || publisher === undefined) return;
    const what = dirty;
    dirty = { cluster: false, traffic: false, grants: false };
    app.set(publisher.publish(app.state(), what, others));
    slices.go();
    const drilled = what.cluster || what.traffic ? drilledAnew(runtime, app.state()) : undefined;
    if (drilled !== undefined) app.set({ panes: drilled });
    const panes = followCursors(app.state(), app.visibleRows);
    if (panes !== undefined) app.set({ panes });
    const path = updatedPath(app, runtime, verdictsMayDiffer);
    verdictsMayDiffer = false;
    if (path !== app.state().path) app.set({ path });
  };

  const soon = (what: keyof Dirty) => {
    dirty[what] = true;
    // What else is due by then, such as a frame, gets a turn of its own: keys are read in between.
    timer ??= setTimeout(() => {
      immediate = setImmediate(publish);
    }, PUBLISH_EVERY);
  };

  const slices = createSlices(app.deps.clock.monotonic, (isOver) => {
    for (const what of publisher?.work(isOver) ?? []) soon(what);
    return publisher?.left() ?? 'nothing';
  });

  return {
    soon,
    changed: (events) => {
      if (publisher?.apply(events) === true) verdictsMayDiffer = true;
    },
    now: (...what) => {
      for (const part of what) dirty[part] = true;
      publish();
    },
    over: (runtime) => {
      publisher = createPublisher(runtime, app.deps.clock);
      others = [];
    },
    setOthers: (grants) => {
      others = grants;
    },
    dispose: () => {
      stop();
      slices.stop();
    },
  };
}

/** Background work, in slices so short that keys and frames don't wait for it. */
type Slices = { readonly go: () => void; readonly stop: () => void };

/** The longest slice, ms. */
const SLICE = 8;

/** Pause between slices, ms: urgent work gets a third of the time, the rest less than a tenth. */
const REST = { soon: 16, later: 120 } as const;

/**
 * Runs `step` while it reports more work. `isOver` tells it when its slice is over; `later` means that the rest is not
 * urgent.
 */
function createSlices(
  monotonic: () => number,
  step: (isOver: () => boolean) => 'nothing' | 'later' | 'soon',
): Slices {
  let timer: NodeJS.Timeout | undefined;
  const run = () => {
    const until = monotonic() + SLICE;
    const left = step(() => monotonic() >= until);
    timer = left === 'nothing' ? undefined : setTimeout(run, REST[left]);
  };
  return {
    go: () => {
      timer ??= setTimeout(run, 0);
    },
    stop: () => clearTimeout(timer),
  };
}

/** How many calls the log keeps. */
const CALLS_KEPT = 500;

/** Feeds the events of a connection into the state; rows follow at the publishing rate. */
export function newsInto(app: App, publishing: Publishing, lookForOthers: () => void): RuntimeListener {
  const { state, set } = app;
  return {
    cluster: (kind, events) => {
      publishing.changed(events);
      publishing.soon('cluster');
      if (kind === 'policies') lookForOthers();
    },
    feed: (feed, feedState) => {
      const feeds = { ...state().feeds, [feed]: feedState };
      const before = state().feeds[feed];
      set({ feeds, cluster: { ...state().cluster, ...connectionOf({ ...state(), feeds }) } });
      if (before?.state === feedState.state) return;
      publishing.changed([]);
      publishing.soon('cluster');
    },
    scope: (namespace) => {
      const { confinedTo: _, ...rest } = state().cluster;
      set({ cluster: namespace === undefined ? rest : { ...rest, confinedTo: namespace, namespace } });
    },
    flows: () => publishing.soon('traffic'),
    traffic: (traffic) => set({ traffic }),
    grants: () => publishing.soon('grants'),
    called: (call) => set({ calls: [...state().calls.slice(1 - CALLS_KEPT), call] }),
    problem: (error, part) => {
      app.fail(error);
      if (part === 'traffic')
        set({ traffic: { ...state().traffic, status: 'failed', detail: error.message } });
    },
  };
}
