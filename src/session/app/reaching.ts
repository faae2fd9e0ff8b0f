import { type IpRange, isLive, keyOf, type Pod, type PortSpec } from '../../core/cluster/cluster.ts';
import { plural } from '../../core/common/common.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import type { Decision, End } from '../../core/policy/model/model.ts';
import { addressesEnd, blocksOf, endGroupText, outsidePieces } from '../../core/policy/reach/reach.ts';
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

/** Addresses outside the cluster with the same verdicts, in the order of the ports. */
type Outside = { readonly verdicts: readonly Decision[]; readonly ranges: IpRange[] };

type Found = { readonly sources: readonly Source[]; readonly outside: readonly Outside[] };

/** Asks the engine for every pod, every range outside, and every port, in slices; undefined once nobody wants to know. */
async function sourcesOf(
  app: App,
  { model, engine }: Runtime,
  to: Pod,
  ports: readonly PortSpec[],
  isWanted: () => boolean,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const { monotonic } = app.deps.clock;
  const verdictsFrom = (from: End) =>
    ports.map((spec) => engine.decide({ from, to: { type: 'pod', pod: to }, ...spec }).verdict);
  let until = Number.NEGATIVE_INFINITY;
  const mayGoOn = async () => {
    if (monotonic() < until) return true;
    await pause(REST, signal);
    until = monotonic() + SLICE;
    return isWanted();
  };

  const sources = new Map<string, Source>();
  for (const from of Array.from(model.pods())) {
    if (!(await mayGoOn())) return undefined;
    if (isLive(from) && keyOf(from) !== keyOf(to))
      count(sources, from, ports, verdictsFrom({ type: 'pod', pod: from }));
  }
  const outside = new Map<string, Outside>();
  for (const { side, ...range } of outsidePieces(model, [to], blocksOf(model, engine.rulesOn(to)))) {
    if (!(await mayGoOn())) return undefined;
    const verdicts = verdictsFrom({ type: 'ip', ip: side.text });
    const known = outside.get(verdicts.join()) ?? { verdicts, ranges: [] };
    outside.set(verdicts.join(), known);
    known.ranges.push(range);
  }
  return {
    sources: [...sources.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    outside: [...outside.values()],
  };
}

function count(
  sources: Map<string, Source>,
  from: Pod,
  ports: readonly PortSpec[],
  verdicts: readonly Decision[],
): void {
  const { kind, name } = from.owner ?? from;
  const text = `${from.namespace}/${name}`;
  const source = sources.get(`${kind} ${text}`) ?? { name: text, pods: 0, verdicts: new Map() };
  sources.set(`${kind} ${text}`, source);
  source.pods += 1;
  for (const [at, spec] of ports.entries()) {
    const verdict = verdicts[at];
    if (verdict === undefined || verdict === 'deny') continue;
    const counts = source.verdicts.get(spec) ?? { allow: 0, undecidable: 0 };
    counts[verdict] += 1;
    source.verdicts.set(spec, counts);
  }
}

function reachItems(ports: readonly PortSpec[], { sources, outside }: Found): readonly AboutItem[] {
  if (ports.length === 0) {
    return [
      { label: 'ports', text: 'it declares none, and none was asked for: e explains a path to any port' },
    ];
  }
  const able = sources.filter(({ verdicts }) => verdicts.size > 0);
  const unable = sources.filter(({ verdicts }) => verdicts.size === 0).map(({ name }) => name);
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
    ...outsideItems(ports, outside),
    ...(unable.length === 0
      ? []
      : [
          { label: "can't", text: `${plural(unable.length, 'workload')}: ${unable.join(', ')}`, apart: true },
        ]),
  ];
}

function outsideItems(ports: readonly PortSpec[], outside: readonly Outside[]): readonly AboutItem[] {
  const texts = outside.flatMap(({ verdicts, ranges }) => {
    const open = ports.flatMap((port, at) => {
      const verdict = verdicts[at];
      if (verdict === undefined || verdict === 'deny') return [];
      return `${portText(port)}${verdict === 'undecidable' ? ' (undecidable)' : ''}`;
    });
    const where = outside.length === 1 ? 'every address' : endGroupText(addressesEnd(ranges, false));
    return open.length === 0 ? [] : [`${open.join(', ')} from ${where}`];
  });
  const shown = texts.length === 0 ? ['no address outside the cluster'] : texts;
  return shown.map((text, at) => ({ label: at === 0 ? 'outside' : '', text, apart: at === 0 }));
}

function someOf({ allow, undecidable }: Record<Exclude<Decision, 'deny'>, number>, pods: number): string {
  if (allow === pods) return '';
  if (undecidable === pods) return ' (undecidable)';
  const unsure = undecidable === 0 ? '' : `, undecidable from ${undecidable}`;
  return ` from ${allow} of ${pods} pods${unsure}`;
}

function portText(port: PortSpec): string {
  return formatPorts([port]);
}
