import { policyKey } from '../../core/live/live.ts';
import { rowPath } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Commands, Drill, PaneId, SessionState, Subject, View } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { keysOf } from './drilled-rows.ts';
import { endsOfGrant, shownPath } from './path-state.ts';
import { followCursors } from './publish.ts';
import { type Under, underCursor } from './under-cursor.ts';

type Drilling = Pick<Commands, 'drill' | 'historyBack' | 'historyForward'>;

/** Drilling from a row into the rows that have to do with it, and the way back. */
export function drilling(app: App): Drilling {
  return {
    drill: (pane) => {
      const runtime = app.runtime();
      if (runtime === undefined) return;
      const under = underCursor(app, runtime);
      const subject =
        under === undefined ? undefined : subjectOf(runtime, under, app.state().cluster.namespace);
      if (subject === undefined) {
        app.notify('warn', 'No row under the cursor.', 'esc clears the filter.');
        return;
      }
      drillInto(app, runtime, pane, subject);
    },
    historyBack: () => {
      if (!goBack(app)) app.notify('warn', 'There is no view to go back to.', 'a, p and o drill into a row.');
    },
    historyForward: () => {
      const { ahead, trail } = app.state();
      const next = ahead.at(-1);
      if (next === undefined) {
        app.notify('warn', 'There is no view to go forward to.', '[ goes back.');
        return;
      }
      show(app, next, { trail: [...trail, viewOf(app.state())], ahead: ahead.slice(0, -1) });
    },
  };
}

/** Leaves the last drill; false if there is none. */
export function goBack(app: App): boolean {
  const { trail, ahead } = app.state();
  const last = trail.at(-1);
  if (last === undefined) return false;
  show(app, last, { trail: trail.slice(0, -1), ahead: [...ahead, viewOf(app.state())] });
  return true;
}

/** Shows only the rows of a pane that have to do with a subject; `goBack` restores everything as it is now. */
function drillInto(app: App, runtime: Runtime, pane: PaneId, subject: Subject): void {
  app.clear();
  const before = viewOf(app.state());
  const { panes, focus, trail } = app.state();
  const crumbs = [subject.text, ...(panes[focus].drill?.crumbs ?? [])];
  const keys = keysOf(runtime, app.state(), pane, subject);
  const drill: Drill = { into: subject, crumbs, keys };
  show(
    app,
    {
      ...before,
      focus: pane,
      listed: pane === 'pods' ? 'pods' : before.listed,
      dropsOnly: false,
      panes: { ...panes, [pane]: { index: 0, filter: '', drill } },
      ...(isHidden(app.state(), pane, keys) ? { namespace: undefined } : {}),
    },
    { trail: [...trail, before], ahead: [] },
  );
}

/** Whether a row is outside the namespace in view, although all of them could be shown. */
function isHidden({ cluster, ...state }: SessionState, pane: PaneId, keys: ReadonlySet<string>): boolean {
  if (cluster.namespace === undefined || cluster.confinedTo !== undefined) return false;
  return keys.difference(new Set(state[pane].map(({ key }) => key))).size > 0;
}

function viewOf({ focus, zoomed, panes, dropsOnly, listed, cluster: { namespace } }: SessionState): View {
  return { focus, zoomed, panes, dropsOnly, listed, namespace };
}

function show(app: App, { namespace, ...view }: View, history: Pick<SessionState, 'trail' | 'ahead'>): void {
  const { namespace: _, ...cluster } = app.state().cluster;
  app.set({ ...view, ...history, cluster: namespace === undefined ? cluster : { ...cluster, namespace } });
  app.refresh();
  app.set({ panes: followCursors(app.state(), app.visibleRows) ?? app.state().panes });
  app.set({ path: shownPath(app) });
}

function subjectOf(runtime: Runtime, under: Under, inView: string | undefined): Subject {
  switch (under.pane) {
    case 'pods': {
      const { namespace, name } = under.row.pod;
      return { type: 'pod', namespace, name, text: `pod ${name}` };
    }
    case 'workloads': {
      const { workload } = under.row;
      return { type: 'workload', ref: workload, text: `${workload.kind} ${workload.name}` };
    }
    case 'services': {
      const { namespace, name } = under.row.service;
      return { type: 'service', namespace, name, text: `Service ${name}` };
    }
    case 'policies':
      return { type: 'policies', keys: [under.row.key], text: `policy ${under.row.policy.name}` };
    case 'attempts':
      return { type: 'attempts', key: under.row.key, text: rowPath(under.row, inView) };
    case 'grants': {
      const { grant } = under.row;
      const policies = grant.halves.flatMap(({ namespace, policy }) =>
        policy === undefined ? [] : [policyKey({ kind: 'NetworkPolicy', namespace, name: policy.name })],
      );
      return { type: 'grant', policies, ...endsOfGrant(runtime, grant), text: `grant ${grant.id}` };
    }
  }
}
