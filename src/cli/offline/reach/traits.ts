import { type IpRange, parseCidr } from '../../../core/cluster/ip.ts';
import { cidrsOfGroups } from '../../../core/policy/cilium/cidr-groups.ts';
import type { Dialect } from '../../../core/policy/dialect.ts';
import type { Engine } from '../../../core/policy/engine.ts';
import type { Direction, Peer, Policy, Reading } from '../../../core/policy/policy.ts';
import { readingsOf } from '../../../core/policy/reading.ts';

/** A set of addresses that a rule names: a range without its holes. */
export type Block = { readonly range: IpRange; readonly except: readonly IpRange[] };

/** What the policies of a cluster look at, and so all that they can tell two ends apart by. */
export type Traits = {
  /** Keys of labels that selectors name. */
  readonly labelKeys: ReadonlySet<string>;
  /** Whether anything is read by Cilium's identity labels. */
  readonly identity: boolean;
  /** Blocks of sources that ingress rules name, and of destinations that egress rules name. */
  readonly blocks: Readonly<Record<Direction, readonly Block[]>>;
  /** Whether some rule matches addresses of pods. */
  readonly podAddresses: boolean;
  /** Whether rules name ports by name. */
  readonly namedPorts: boolean;
  /** Whether rules name services, which tell pods apart by more than their labels. */
  readonly services: boolean;
};

/** The traits of all policies that an engine knows of. */
export function traitsOf(engine: Engine): Traits {
  const { dialect } = engine;
  const labelKeys = new Set<string>();
  const blocks = { ingress: new Map<string, Block>(), egress: new Map<string, Block>() };
  let identity = dialect.identityLabels;
  let podAddresses = false;
  let namedPorts = false;
  let services = false;

  const addSelector = (pods: Reading['subject']) => {
    if (pods.identity !== undefined) identity = true;
    for (const { key } of pods.pods) labelKeys.add(key);
  };
  const addPeer = (direction: Direction, peer: Peer) => {
    if (peer.type === 'pods') addSelector(peer);
    if (peer.type === 'services') services = true;
    if (peer.type === 'entity' || peer.type === 'reserved') identity = true;
    if (peer.type === 'cidr-group') {
      for (const cidr of cidrsOfGroups(engine.model, peer)) addPeer(direction, cidr);
    }
    if (peer.type !== 'cidr') return;
    if (dialect.ipBlockMatchesPods !== 'no' || peer.reachesPods === true) podAddresses = true;
    const block = blockOf(peer);
    if (block !== undefined) blocks[direction].set([peer.cidr, ...peer.except].join(' '), block);
  };
  for (const reading of allReadings(engine.policies(), dialect)) {
    addSelector(reading.subject);
    for (const direction of ['ingress', 'egress'] as const) {
      for (const { peers, ports } of reading[direction]) {
        if (peers !== 'any') for (const peer of peers) addPeer(direction, peer);
        if (ports !== 'any' && ports.some(({ type }) => type === 'named')) namedPorts = true;
      }
    }
  }
  const { ingress, egress } = blocks;
  return {
    labelKeys,
    identity,
    blocks: { ingress: [...ingress.values()], egress: [...egress.values()] },
    podAddresses,
    namedPorts,
    services,
  };
}

function* allReadings(policies: Iterable<Policy>, dialect: Dialect): Iterable<Reading> {
  for (const policy of policies) yield* readingsOf(dialect, policy);
}

function blockOf({ cidr, except }: Peer & { readonly type: 'cidr' }): Block | undefined {
  const range = parseCidr(cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`);
  if (range === undefined) return undefined;
  return { range, except: except.flatMap((text) => parseCidr(text) ?? []) };
}
