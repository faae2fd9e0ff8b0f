import { EVERY_ADDRESS, formatIp, parseCidr, parseIp } from '../../../../src/core/cluster/ip.ts';
import { keyOf, type Pod } from '../../../../src/core/cluster/objects.ts';
import type { ClusterModel } from '../../../../src/core/live/model.ts';
import type { Engine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { type Connections, isEverything } from '../../../../src/core/policy/model/connections.ts';
import type { End } from '../../../../src/core/policy/model/verdict.ts';
import { createReach } from '../../../../src/core/policy/reach/reach.ts';
import { judged, type Outcome } from './suite.ts';
import { type RawPolicy, unknownKind, worldOf } from './world.ts';

type Parsed = { readonly all?: boolean } & Readonly<
  Partial<Record<'TCP' | 'UDP' | 'SCTP', readonly number[][]>>
>;

/** One line of a connection list. */
export type Line = { readonly src: string; readonly dst: string; readonly parsed: Parsed };

/** netpol-analyzer: ipBlock never matches a pod, and nothing is known of host networks. */
const DIALECT = { ...dialectOf('spec'), ipBlockMatchesPods: 'no' as const };

/** A pod as netpol-analyzer sees it: on no host network, and at an address that no policy names. */
function placed(pod: Pod): Pod {
  return { ...pod, hostNetwork: false, ips: pod.ips.length === 0 ? ['240.0.0.1'] : pod.ips };
}

/** Compares the connection list of some manifests, pods and external ranges, with the expected one. */
export function runConnlist(documents: readonly unknown[], lines: readonly Line[]): Outcome {
  const objects = documents.flatMap(open);
  const unknown = unknownKind(objects.filter(({ kind }) => kind.endsWith('Policy')));
  if (unknown !== undefined) return { result: 'skipped', why: unknown };
  const { model, engine } = worldOf(documents, DIALECT, placed);
  return judged(compare(model, engine, objects, lines));
}

/** Compares single pairs of pods. */
export function runPairs(documents: readonly unknown[], lines: readonly Line[]): readonly string[] {
  const { model, engine } = worldOf(documents, DIALECT);
  const reach = createReach(engine);
  const end = (text: string): End => {
    const [namespace = '', name = ''] = text.split('/');
    const pod = model.pod(namespace, name);
    return pod === undefined ? { type: 'ip', ip: outsideAddress(model, text) } : { type: 'pod', pod };
  };
  return lines.flatMap(({ src, dst, parsed }) => {
    const got = textOf(reach(end(src), end(dst)).open);
    const want = textOf(expected(parsed));
    return got === want ? [] : [`${src} → ${dst}: ${got}, expected ${want}`];
  });
}

type RawObject = RawPolicy & {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly ownerReferences?: readonly { readonly kind?: string; readonly name: string }[];
  };
};

function open(document: unknown): readonly RawObject[] {
  const { kind, items } = (document ?? {}) as { kind?: string; items?: readonly RawObject[] };
  if (kind === undefined) return [];
  if (!kind.endsWith('List')) return [document as RawObject];
  return (items ?? []).flatMap((item) => open({ ...item, kind: item.kind ?? kind.replace(/List$/, '') }));
}

function compare(
  model: ClusterModel,
  engine: Engine,
  objects: readonly RawObject[],
  lines: readonly Line[],
): readonly string[] {
  const names = peerNames(model, objects);
  const reach = createReach(engine);
  const told = lines.filter(({ src, dst }) => !src.startsWith('{') && !dst.startsWith('{'));
  const want = new Map(told.map(({ src, dst, parsed }) => [`${src} => ${dst}`, textOf(expected(parsed))]));
  const peers: readonly { readonly names: (pod: boolean) => string; readonly end: End }[] = [
    ...Array.from(model.pods(), (pod) => ({
      names: () => names.get(keyOf(pod)) ?? keyOf(pod),
      end: { type: 'pod', pod } as const,
    })),
  ];
  const pods = peers.map(({ names: name, end }) => ({ name: name(true), end }));
  const ranges = atoms(engine, told).map(([first, last]) => ({
    first,
    last,
    end: { type: 'ip', ip: addressIn(model, first, last) } as const,
  }));
  const findings: string[] = [];
  const used = new Set<string>();
  for (const from of pods) {
    for (const to of pods) {
      if (from.name === to.name) continue;
      const key = `${from.name} => ${to.name}`;
      used.add(key);
      check(key, want.get(key), textOf(reach(from.end, to.end).open));
    }
    for (const { first, last, end } of ranges) {
      const out = external(told, from.name, 'src', first, last);
      const into = external(told, from.name, 'dst', first, last);
      for (const line of [...out, ...into]) used.add(`${line.src} => ${line.dst}`);
      const [a, b] = [out[0], into[0]].map((line) =>
        line === undefined ? undefined : textOf(expected(line.parsed)),
      );
      const range = `${formatIp({ family: 4, value: first })}-${formatIp({ family: 4, value: last })}`;
      check(`${from.name} => ${range}`, a, textOf(reach(from.end, end).open));
      check(`${range} => ${from.name}`, b, textOf(reach(end, from.end).open));
    }
  }
  for (const key of want.keys()) if (!used.has(key)) findings.push(`${key} was never asked`);
  return findings;

  function check(key: string, wanted: string | undefined, got: string): void {
    if ((wanted ?? 'none') !== got) findings.push(`${key}: ${got}, expected ${wanted ?? 'none'}`);
  }
}

/** `namespace/name[Kind]` of the direct owner, or of the pod itself. */
function peerNames(model: ClusterModel, objects: readonly RawObject[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const pod of model.pods()) names.set(keyOf(pod), nameOf(pod));
  for (const { kind, metadata } of objects) {
    if (kind !== 'Pod') continue;
    const namespace = metadata.namespace ?? 'default';
    const [owner] = metadata.ownerReferences ?? [];
    const { kind: shownKind, name } = owner ?? { kind: 'Pod', name: metadata.name };
    names.set(`${namespace}/${metadata.name}`, `${namespace}/${name}[${shownKind ?? 'Pod'}]`);
  }
  return names;
}

function nameOf({ namespace, name, owner }: Pod): string {
  return owner === undefined ? `${namespace}/${name}[Pod]` : `${namespace}/${owner.name}[${owner.kind}]`;
}

const EXTERNAL = /^(.+)-(.+)\[External\]$/;

function rangeOf(text: string): readonly [bigint, bigint] | undefined {
  const [, first = '', last = ''] = EXTERNAL.exec(text) ?? [];
  const [a, b] = [parseIp(first), parseIp(last)];
  return a === undefined || b === undefined ? undefined : [a.value, b.value];
}

/** The address space, cut at every boundary that a policy or an expected line has. */
function atoms(engine: Engine, lines: readonly Line[]): readonly (readonly [bigint, bigint])[] {
  const cuts = new Set([0n]);
  const add = (first: bigint, last: bigint) => cuts.add(first).add(last + 1n);
  for (const { src, dst } of lines) {
    for (const range of [rangeOf(src), rangeOf(dst)]) if (range !== undefined) add(...range);
  }
  for (const cidr of cidrsOf(engine)) {
    const range = parseCidr(cidr);
    if (range?.family === 4) add(range.first, range.last);
  }
  const end = EVERY_ADDRESS[4].last;
  const sorted = [...cuts].filter((cut) => cut <= end).sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((first, index) => [first, (sorted[index + 1] ?? end + 1n) - 1n]);
}

function cidrsOf(engine: Engine): readonly string[] {
  return [...engine.policies()].flatMap(({ ingress, egress }) =>
    [...ingress, ...egress].flatMap(({ peers }) =>
      peers === 'any'
        ? []
        : peers.flatMap((peer) => (peer.type === 'cidr' ? [peer.cidr, ...peer.except] : [])),
    ),
  );
}

/** An address of a range that no pod has. */
function addressIn(model: ClusterModel, first: bigint, last: bigint): string {
  for (let value = last; value >= first; value -= 1n) {
    const text = formatIp({ family: 4, value });
    if (model.podAt(text) === undefined && model.nodeAt(text) === undefined) return text;
  }
  return formatIp({ family: 4, value: first });
}

function outsideAddress(model: ClusterModel, cidr: string): string {
  const range = parseCidr(cidr.includes('/') ? cidr : `${cidr}/32`);
  if (range === undefined) throw new Error(`${cidr} is neither pod nor range`);
  return addressIn(model, range.first, range.last);
}

function external(
  lines: readonly Line[],
  pod: string,
  side: 'src' | 'dst',
  first: bigint,
  last: bigint,
): readonly Line[] {
  const other = side === 'src' ? 'dst' : 'src';
  return lines.filter((line) => {
    if (line[side] !== pod) return false;
    const range = rangeOf(line[other]);
    return range !== undefined && range[0] <= first && last <= range[1];
  });
}

function expected(parsed: Parsed): Connections {
  const all: readonly (readonly [number, number])[] = [[1, 65_535]];
  if (parsed.all === true) return { TCP: all, UDP: all, SCTP: all };
  const ranges = (list: readonly number[][] = []) => list.map(([a = 0, b = 0]) => [a, b] as const);
  return { TCP: ranges(parsed.TCP), UDP: ranges(parsed.UDP), SCTP: ranges(parsed.SCTP) };
}

function textOf(connections: Connections): string {
  if (isEverything(connections)) return 'all';
  const parts = (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) =>
    connections[protocol].length === 0
      ? []
      : [`${protocol} ${connections[protocol].map(([a, b]) => (a === b ? a : `${a}-${b}`)).join(',')}`],
  );
  return parts.length === 0 ? 'none' : parts.join(' ');
}
