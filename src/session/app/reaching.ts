import { isLive, keyOf, type Pod, type PortSpec } from '../../core/cluster/cluster.ts';
import { plural } from '../../core/common/common.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import type { Decision } from '../../core/policy/model/model.ts';
import { pause } from '../../wait.ts';
import { seenPort } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AboutItem, Commands } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { attemptsOf } from './drilled-rows.ts';
import { underCursor } from './under-cursor.ts';

/** The longest slice of work and the pause after it, ms: keys and frames don't wait for the answer. */
const SLICE = 8;
const REST = 8;

/** What the policies let reach the pod under the cursor. */
export function reaching(app: App): Pick<Commands, 'openReach'> {
  return {
    openReach: () => {
      const runtime = app.runtime();
      const under = runtime === undefined ? undefined : underCursor(app, runtime);
      if (runtime === undefined || under?.pane !== 'pods') {
        app.notify('warn', 'No pod under the cursor.', 'Move to a pod (1).');
        return;
      }
      const { pod } = under.row;
      const title = `What could reach pod ${keyOf(pod)}`;
      const ports = portsOf(runtime, pod);
      const show = (about: readonly AboutItem[]) =>
        app.update('detail', (open) => (open.title === title ? { ...open, about } : open));
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
        const isWanted = () => app.state().overlay.type !== 'none' && app.runtime() === runtime;
        const found = await sourcesOf(app, runtime, pod, ports, isWanted, signal);
        if (found !== undefined) show(reachItems(ports, found));
      });
    },
  };
}

const COMPUTING: AboutItem = { label: '◌ computing…', text: 'every pod is asked', level: 'faint' };

/** The ports that a pod declares, and those it was asked for. */
function portsOf(runtime: Runtime, pod: Pod): readonly PortSpec[] {
  const seen = attemptsOf(runtime, { type: 'pod', namespace: pod.namespace, name: pod.name }).flatMap(
    ({ destination, protocol }) =>
      destination.pod === pod.name && destination.namespace === pod.namespace
        ? (seenPort({ protocol, port: destination.port }) ?? [])
        : [],
  );
  const all = [...pod.ports.map(({ port, protocol }) => ({ port, protocol })), ...seen];
  return [...new Map(all.map((port) => [`${port.port}/${port.protocol}`, port])).values()];
}

/** By workload: its pods, and how many of them may open a connection to each port. */
type Source = {
  readonly name: string;
  pods: number;
  readonly verdicts: Map<PortSpec, Record<Exclude<Decision, 'deny'>, number>>;
};

/** Asks the engine for every pod and port, in slices; undefined once nobody wants to know. */
async function sourcesOf(
  app: App,
  { model, engine }: Runtime,
  to: Pod,
  ports: readonly PortSpec[],
  isWanted: () => boolean,
  signal: AbortSignal,
): Promise<readonly Source[] | undefined> {
  const { monotonic } = app.deps.clock;
  const sources = new Map<string, Source>();
  let until = Number.NEGATIVE_INFINITY;
  for (const from of Array.from(model.pods())) {
    if (monotonic() >= until) {
      await pause(REST, signal);
      if (!isWanted()) return undefined;
      until = monotonic() + SLICE;
    }
    if (!isLive(from) || keyOf(from) === keyOf(to)) continue;
    const { kind, name } = from.owner ?? from;
    const text = `${from.namespace}/${name}`;
    const source = sources.get(`${kind} ${text}`) ?? { name: text, pods: 0, verdicts: new Map() };
    sources.set(`${kind} ${text}`, source);
    source.pods += 1;
    for (const spec of ports) {
      const { verdict } = engine.decide({
        from: { type: 'pod', pod: from },
        to: { type: 'pod', pod: to },
        ...spec,
      });
      if (verdict === 'deny') continue;
      const counts = source.verdicts.get(spec) ?? { allow: 0, undecidable: 0 };
      counts[verdict] += 1;
      source.verdicts.set(spec, counts);
    }
  }
  return [...sources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function reachItems(ports: readonly PortSpec[], sources: readonly Source[]): readonly AboutItem[] {
  if (ports.length === 0) {
    return [
      { label: 'ports', text: 'it declares none, and none was asked for: e explains a path to any port' },
    ];
  }
  const able = sources.filter(({ verdicts }) => verdicts.size > 0);
  const asked = sources.reduce((sum, { pods }) => sum + pods, 0);
  return [
    { label: 'asked', text: `${plural(asked, 'pod')}, for ${ports.map(portText).join(', ')}` },
    {
      label: 'reach it',
      text: able.length === 0 ? 'no pod' : plural(able.length, 'workload'),
      apart: true,
    },
    ...able.map(({ name, pods, verdicts }) => ({
      label: `  ${name}`,
      text: [...verdicts].map(([port, counts]) => `${portText(port)}${someOf(counts, pods)}`).join(', '),
    })),
    { label: 'not', text: plural(sources.length - able.length, 'workload'), apart: true },
  ];
}

function someOf({ allow, undecidable }: Record<Exclude<Decision, 'deny'>, number>, pods: number): string {
  const unsure = undecidable === 0 ? '' : `, undecidable from ${undecidable}`;
  return allow === pods ? '' : ` from ${allow} of ${pods} pods${unsure}`;
}

function portText(port: PortSpec): string {
  return formatPorts([port]);
}
