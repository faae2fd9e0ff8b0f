import { setTimeout as pause } from 'node:timers/promises';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { isRecord } from '../../../src/core/common/json.ts';
import { readFirstYaml } from '../../../src/core/yaml/read.ts';
import { type Dial, dialFromHost, dialFromPod, type Packet } from './dial.ts';
import type { Enforced } from './enforced.ts';
import type { Cell } from './fleet.ts';
import { type Judgement, judgeNow } from './judgement.ts';
import type { Live } from './live.ts';
import { type EndName, isPod, NODE, type Path, refOf } from './paths.ts';
import type { Shells } from './shells.ts';

/** A NetworkPolicy to write: the short name of its namespace, and its spec as YAML. */
export type Draft = { readonly namespace: 'x' | 'y' | 'z'; readonly spec: string };

/** One attempted connection: the program's verdict, and the result of the packet. */
export type Tried = Path & {
  readonly judgement: Judgement;
  readonly packet: Packet;
  readonly agrees: boolean;
};

/** The results for the paths of one state of a cell. `settled`: ms until the last path agreed. */
export type Round = { readonly tried: readonly Tried[]; readonly settled: number };

/** A cell with everything needed to run a scenario in it. */
export type Bench = {
  readonly live: Live;
  readonly cell: Cell;
  readonly enforced: Enforced;
  readonly shells: Shells;
};

/**
 * How long packets may disagree before it counts as a difference, ms, and how often: a new label reaches the enforcer on
 * a separate path, and few attempts fit on a loaded machine.
 */
const SETTLE = 8_000;
const ATTEMPTS = 5;
/** Long enough for two SYNs, so that a lost one is not taken for a denial. */
const DENIED_AFTER = 1_500;
const ALLOWED_WITHIN = 4_000;

const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
let written = 0;

/** Writes policies into a cell and waits until they are in force; returns a function that removes them. */
export async function writePolicies(bench: Bench, drafts: readonly Draft[]): Promise<() => Promise<void>> {
  const { api } = bench.live.hands;
  const objects: ApiObject[] = [];
  const remove = async () => {
    await Promise.all(
      objects.map(({ metadata: { name, namespace = '', uid = '' } }) =>
        api.delete({ ...POLICIES, namespace, name }, { uid, propagation: 'Background' }),
      ),
    );
  };
  try {
    await Promise.all(
      drafts.map(async (draft) => {
        const namespace = bench.cell.namespace(draft.namespace);
        written += 1;
        const policy = objectOf(namespace, `p${written}`, draft);
        objects.push((await api.create({ ...POLICIES, namespace }, policy)).object);
      }),
    );
    await bench.enforced();
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}

function objectOf(namespace: string, name: string, { spec }: Draft): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: readFirstYaml(spec).value,
  };
}

/**
 * Tries all paths at once and compares. Disagreeing paths are retried until they agree or time out, so that a loaded
 * machine causes no difference; a slow enforcer shows in `settled`.
 */
export async function tryPaths(bench: Bench, paths: readonly Path[]): Promise<Round> {
  const start = performance.now();
  let tried = await tryOnce(bench, paths);
  let settled = 0;
  for (
    let attempts = 1;
    tried.some(({ agrees }) => !agrees) && (attempts < ATTEMPTS || performance.now() - start < SETTLE);
    attempts += 1
  ) {
    await pause(100);
    const again = await tryOnce(
      bench,
      tried.filter(({ agrees }) => !agrees),
    );
    settled = performance.now() - start;
    tried = [...tried.filter(({ agrees }) => agrees), ...again];
  }
  return { tried, settled };
}

async function tryOnce(bench: Bench, paths: readonly Path[]): Promise<readonly Tried[]> {
  const judge = judgeNow(bench.live, bench.cell);
  const judged = paths.map((path) => ({ ...path, judgement: judge(path) }));
  const bySource = Map.groupBy(judged, ({ from }) => from);
  const { rejects } = bench.live.engine.dialect;
  const lists = await Promise.all(
    [...bySource].map(async ([from, list]) => {
      const packets = await dialFrom(
        bench,
        from,
        list.map((path) => dialOf(bench, path)),
      );
      return list.map((path, index): Tried => {
        const packet = packets[index] ?? 'error';
        return { ...path, packet, agrees: agrees(path.judgement, packet, rejects === 'yes') };
      });
    }),
  );
  return lists.flat();
}

/** A refusal is from the destination itself, unless the enforcer rejects. Undecidable agrees with anything. */
function agrees({ verdict }: Judgement, packet: Packet, rejects: boolean): boolean {
  switch (verdict) {
    case 'allow':
      return packet === 'open' || (packet === 'refused' && !rejects);
    case 'deny':
      return packet === (rejects ? 'refused' : 'timeout');
    case 'nowhere':
      return packet !== 'open';
    case 'undecidable':
      return true;
  }
}

function dialOf({ live, cell }: Bench, { to, port, judgement }: Path & { judgement: Judgement }): Dial {
  const protocol = port.protocol === 'UDP' ? 'udp' : 'tcp';
  const wait = judgement.verdict === 'allow' ? ALLOWED_WITHIN : DENIED_AFTER;
  return { protocol, address: addressOf(live, cell, to), port: port.port, wait };
}

function addressOf({ model }: Live, cell: Cell, name: EndName): string {
  const ref = refOf(cell, name);
  const address =
    ref.type === 'ip'
      ? ref.ip
      : ref.type === 'service'
        ? model.service(ref.namespace, ref.name)?.clusterIPs[0]
        : isPod(name)
          ? cell.ip(name)
          : undefined;
  if (address === undefined || address === '') throw new Error(`${name} has no address`);
  return address;
}

function dialFrom(
  { shells, cell }: Bench,
  from: EndName,
  dials: readonly Dial[],
): Promise<readonly Packet[]> {
  if (isPod(from)) return dialFromPod(shells.in(cell.pod(from)), dials);
  if (from === NODE) return dialFromHost({ inside: 'node', address: from }, dials);
  return dialFromHost({ inside: 'outside', address: from }, dials);
}

/** Changes one object of a cell with a merge patch. */
export async function patch(
  { live }: Bench,
  resource: 'pods' | 'namespaces',
  where: { readonly namespace?: string; readonly name: string },
  change: unknown,
): Promise<void> {
  if (!isRecord(change)) throw new Error('a patch is an object');
  await live.hands.api.patch({ group: '', version: 'v1', resource, ...where }, change);
}
