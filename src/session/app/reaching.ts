import { type EndRef, keyOf, type Pod, refKey } from '../../core/cluster/cluster.ts';
import { plural } from '../../core/common/common.ts';
import { either, isNothing, NOTHING, onePort, portsText } from '../../core/policy/model/model.ts';
import { podsOfEnd } from '../../core/policy/path/path.ts';
import {
  clusterMatrix,
  type EndGroup,
  endGroupText,
  type OpenPath,
  podsOfGroup,
  workloadKey,
  workloadsOf,
} from '../../core/policy/reach/reach.ts';
import { pause } from '../../wait.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AboutItem, Commands } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { pickedUnderCursor } from './picked-ends.ts';

/** What policies let reach the pod, workload or Service under the cursor, or the destination of the attempt. */
export function reaching(app: App): Pick<Commands, 'openReach'> {
  return {
    openReach: () => {
      const runtime = app.runtime();
      const state = app.state();
      const picked =
        runtime === undefined
          ? undefined
          : pickedUnderCursor(state, app.visibleRows, runtime.model, 'destination');
      if (runtime === undefined || picked === undefined) {
        app.notify('warn', 'No pod under the cursor.', 'Move to a pod (1) or an attempt (3).');
        return;
      }
      const { pod, end } = picked;
      const one = state.focus === 'pods' && pod !== undefined;
      const subject = one ? ({ type: 'pod', ...pod } as const) : end;
      if (podsOfEnd(runtime.model, subject).length === 0) {
        app.notify('warn', `${textOf(subject)} has no running pod.`, 'Policies rule only what reaches pods.');
        return;
      }
      const title = `What could reach ${textOf(subject)}`;
      app.push({
        type: 'detail',
        title,
        tells: 'reach',
        about: [COMPUTING],
        lines: [],
        scroll: 0,
        loading: false,
      });
      app.run(async (signal) => {
        // The frame that says so comes first.
        await pause(FRAME, signal);
        const { overlay } = app.state();
        if (app.runtime() !== runtime || overlay.type !== 'detail' || overlay.title !== title) return;
        const about = reachItems(runtime, podsOfEnd(runtime.model, subject));
        app.update('detail', (open) => (open.title === title ? { ...open, about } : open));
      });
    },
  };
}

/** `pod shop/db-0`, `StatefulSet shop/db`, `Service shop/db`, `10.0.0.1`. */
function textOf(end: EndRef): string {
  switch (end.type) {
    case 'pod':
      return `pod ${keyOf(end)}`;
    case 'workload':
      return `${end.ref.kind} ${keyOf(end.ref)}`;
    case 'service':
      return `Service ${keyOf(end)}`;
    case 'ip':
      return end.ip;
    case 'range':
      return end.cidr;
  }
}

const COMPUTING: AboutItem = { label: '◌ computing…', text: 'every pod is asked', level: 'faint' };

/** Time for a frame to be drawn, ms. */
const FRAME = 50;

function reachItems({ model, engine }: Runtime, pods: readonly Pod[]): readonly AboutItem[] {
  const keys = new Set(pods.map(workloadKey));
  const meant = new Set(pods.map(({ uid }) => uid));
  const paths = clusterMatrix(engine, { about: (workload) => keys.has(refKey(workload)) }).filter(({ to }) =>
    podsOfGroup(model, to).some(({ uid }) => meant.has(uid)),
  );
  const able = new Set(paths.flatMap(({ from }) => (from.type === 'workload' ? [refKey(from)] : [])));
  const unable = workloadsOf(model.pods())
    .all.filter((workload) => !able.has(refKey(workload)) && !keys.has(refKey(workload)))
    .map(({ namespace, name }) => `${namespace}/${name}`)
    .sort();
  const declared = pods
    .flatMap(({ ports }) => ports)
    .reduce((set, { port, protocol }) => either(set, onePort(port, protocol)), NOTHING);
  const { workload: inside = [], ...beyond } = Object.groupBy(paths, ({ from }) => from.type);
  const outside = Object.values(beyond).flat();
  const itemOf = (path: OpenPath): AboutItem => ({
    label: `  ${path.from.type === 'addresses' && path.from.everywhere ? 'every address' : endGroupText(path.from)}`,
    text: `${pathPorts(path)}${partOf(path.to, pods)}`,
  });
  return [
    {
      label: 'declares',
      text: isNothing(declared) ? 'no port, which rules nothing out' : portsText(declared),
    },
    {
      label: 'reach it',
      text: able.size === 0 ? 'no workload' : plural(able.size, 'workload'),
      apart: true,
    },
    ...inside.map(itemOf),
    { label: 'outside', text: outside.length === 0 ? 'no node, and no address' : '', apart: true },
    ...outside.map(itemOf),
    ...(unable.length === 0
      ? []
      : [
          {
            label: "can't",
            text: `${plural(unable.length, 'workload')}: ${unable.join(', ')}`,
            apart: true,
          },
        ]),
  ];
}

function pathPorts({ open, unsure }: OpenPath): string {
  const perhaps = isNothing(unsure) ? [] : [`undecidable on ${portsText(unsure)}`];
  return [...(isNothing(open) ? [] : [portsText(open)]), ...perhaps].join('; ');
}

/** ` of db-0`, where only some of the pods in question are reached. */
function partOf(to: EndGroup, pods: readonly Pod[]): string {
  if (to.type !== 'workload' || to.pods === undefined) return '';
  const reached = new Set(to.pods);
  const names = pods.map(({ name }) => name).filter((name) => reached.has(name));
  return names.length === pods.length ? '' : ` of ${names.join(', ')}`;
}
