import type { Grant } from '../../core/access/grant.ts';
import type { ClusterEvent } from '../../core/cluster/events.ts';
import type { App } from '../app/app.ts';
import { updatedPath } from '../app/path/path-state.ts';
import { createPublisher, type Dirty, followCursors, type Publisher } from '../app/publish.ts';
import type { Runtime } from '../runtime.ts';
import { createSlices } from './slices.ts';

/** The screen is told at most ten times a second of what the cluster does; keys show at once. */
const PUBLISH_EVERY = 100;

/** Brings what the connection holds into the state, at a rate that a screen can follow. */
export type Publishing = {
  /** Something changed: it shows within a tenth of a second. */
  readonly soon: (what: keyof Dirty) => void;
  /** Shows what of these changed, and what else is due, at once. */
  readonly now: (...what: readonly (keyof Dirty)[]) => void;
  /** What changed in the cluster; no event when it is how policies are read. */
  readonly changed: (events: readonly ClusterEvent[]) => void;
  /** Another connection is shown from here on. */
  readonly over: (runtime: Runtime) => void;
  /** Grants that others made. */
  readonly setOthers: (grants: readonly Grant[]) => void;
  readonly dispose: () => void;
};

export function createPublishing(app: App): Publishing {
  let publisher: Publisher | undefined;
  let others: readonly Grant[] = [];
  let dirty: Dirty = { cluster: false, traffic: false, grants: false };
  let verdictsMayDiffer = false;
  let timer: NodeJS.Timeout | undefined;

  const publish = () => {
    clearTimeout(timer);
    timer = undefined;
    const runtime = app.runtime();
    if (runtime === undefined || publisher === undefined) return;
    const what = dirty;
    dirty = { cluster: false, traffic: false, grants: false };
    app.set(publisher.publish(app.state(), what, others));
    slices.go();
    const panes = followCursors(app.state(), app.visibleRows);
    if (panes !== undefined) app.set({ panes });
    const path = updatedPath(app, runtime, verdictsMayDiffer);
    verdictsMayDiffer = false;
    if (path !== app.state().path) app.set({ path });
  };

  const soon = (what: keyof Dirty) => {
    dirty[what] = true;
    timer ??= setTimeout(publish, PUBLISH_EVERY);
  };

  const slices = createSlices(app.deps.clock.monotonic, (isOver) => {
    if (publisher?.work(isOver) === true) soon('cluster');
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
      clearTimeout(timer);
      slices.stop();
    },
  };
}
