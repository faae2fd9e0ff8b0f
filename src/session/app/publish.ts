import type { Grant } from '../../core/access/grant.ts';
import type { ClusterEvent } from '../../core/cluster/events.ts';
import type { Clock } from '../../core/ports.ts';
import type { AttemptRow } from '../../core/traffic/attempt.ts';
import type { VisibleRows } from '../commands.ts';
import { staysFor } from '../grants/states.ts';
import { createJudgedLines } from '../rows/attempts/attempt-lines.ts';
import { createEpochs } from '../rows/attempts/epochs.ts';
import { createClusterRows } from '../rows/cluster/cluster-rows.ts';
import { createConcerns } from '../rows/cluster/concerns.ts';
import type { Runtime } from '../runtime.ts';
import type { AttemptLine, GrantLine, PaneId, PaneState, SessionState } from '../state.ts';
import { PANES } from './initial.ts';

/** What changed since the last publication. */
export type Dirty = { cluster: boolean; traffic: boolean; grants: boolean };

/** Turns what a connection holds into the state that the screen shows. */
export type Publisher = {
  readonly publish: (state: SessionState, dirty: Dirty, others: readonly Grant[]) => Partial<SessionState>;
  /** Takes in changes of the cluster; none of them: how policies are read has changed. Says whether verdicts may turn. */
  readonly apply: (events: readonly ClusterEvent[]) => boolean;
  /** Goes on with what takes longer than a frame, until `isOver`; says whether there is something new to publish. */
  readonly work: (isOver: () => boolean) => boolean;
  readonly left: () => 'nothing' | 'later' | 'soon';
};

/** How long rows of attempts may be judged within one publication, ms. */
const JUDGING = 4;

/** A publisher over one connection; what didn't change keeps its identity. */
export function createPublisher(runtime: Runtime, { now, monotonic }: Clock): Publisher {
  const { model, engine } = runtime;
  const concernOf = createConcerns(model);
  const epochs = createEpochs();
  const clusterRows = createClusterRows(model, engine);
  const attemptLines = createJudgedLines(model, engine, epochs.of);
  let order: readonly string[] = [];
  let shown: readonly AttemptRow[] | undefined;

  const publish: Publisher['publish'] = (state, dirty, others) => {
    const { namespace } = state.cluster;
    const change: { -readonly [K in keyof SessionState]?: SessionState[K] } = {};
    if (dirty.cluster) {
      change.pods = clusterRows.pods(namespace);
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
        change.samples = runtime.fold.samples(at);
        change.dropReasons = runtime.fold.dropReasons(8);
        change.talkers = runtime.fold.talkers(8);
      }
    }
    if (dirty.grants || dirty.cluster) {
      const lines = grantLines(runtime, others, state.grants);
      if (!sameItems(lines, state.grants)) change.grants = lines;
    }
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
      return matters;
    },
    work: (isOver) => {
      const judging = attemptLines.left() > 0;
      return clusterRows.work(isOver) || judging;
    },
    left: () => (attemptLines.left() > 0 ? 'soon' : clusterRows.left()),
  };
}

/**
 * Newest first, but nothing jumps away under a finger: the row under the cursor keeps its place, at the top alone, below
 * it with all others.
 */
function arrangeAttempts(
  lines: readonly AttemptLine[],
  { key, index }: PaneState,
  order: readonly string[],
): readonly AttemptLine[] {
  const held = key === undefined ? [] : index === 0 ? [key] : order;
  const others = new Map(lines.map((line) => [line.key, line]));
  const kept = held.flatMap((one) => {
    const line = others.get(one);
    others.delete(one);
    return line === undefined ? [] : [line];
  });
  return [...kept, ...[...others.values()].sort(newestFirst)];
}

/** Attempts of these many ms count as of one time. */
const TOGETHER = 2_000;

/** By time, dropped ones first among those of one time, then by name: rows that keep talking don't swap places. */
function newestFirst(a: AttemptLine, b: AttemptLine): number {
  const later = Math.floor(b.row.last / TOGETHER) - Math.floor(a.row.last / TOGETHER);
  if (later !== 0) return later;
  const dropped = Number(b.row.verdict === 'drop') - Number(a.row.verdict === 'drop');
  return dropped !== 0 ? dropped : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Whether an attempt has an end in a namespace. */
export function touches({ row }: AttemptLine, namespace: string): boolean {
  return (
    row.source.namespace === namespace ||
    row.destination.namespace === namespace ||
    row.destination.service?.namespace === namespace
  );
}

/** Own grants first, then what others made; ended ones are forgotten after a while. */
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

/** Puts each cursor back on its row after rows moved, or on the one that took its place; that in focus is on a row. */
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
    const key = pane.key === undefined && id !== state.focus ? undefined : rows[index]?.key;
    if (index === pane.index && key === pane.key) continue;
    panes ??= { ...state.panes };
    const { key: _, ...rest } = pane;
    panes[id] = { ...rest, index, ...(key === undefined ? {} : { key }) };
  }
  return panes;
}
