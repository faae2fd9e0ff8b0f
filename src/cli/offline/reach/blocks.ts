import { type IpRange, parseCidr } from '../../../core/cluster/ip.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import { cidrsOfGroups } from '../../../core/policy/cilium/cidr-groups.ts';
import type { Rule } from '../../../core/policy/model/policy.ts';

/** A set of addresses that a rule names: a range without its holes. */
export type Block = { readonly range: IpRange; readonly except: readonly IpRange[] };

/** The sets of addresses that rules name, each once: what they can tell addresses outside apart by. */
export function blocksOf(model: ClusterModel, rules: Iterable<Rule>): readonly Block[] {
  const blocks = new Map<string, Block>();
  const add = ({ cidr, except }: { readonly cidr: string; readonly except: readonly string[] }) => {
    const key = [cidr, ...except].join(' ');
    const block = blocks.has(key) ? undefined : blockOf(cidr, except);
    if (block !== undefined) blocks.set(key, block);
  };
  let areEndpointsIn = false;
  for (const { peers } of rules) {
    for (const peer of peers === 'any' ? [] : peers) {
      if (peer.type === 'cidr') add(peer);
      if (peer.type === 'cidr-group') for (const cidr of cidrsOfGroups(model, peer)) add(cidr);
      if (peer.type !== 'services' && peer.type !== 'entity' && peer.type !== 'reserved') continue;
      if (!areEndpointsIn) for (const cidr of model.endpointAddresses()) add({ cidr, except: [] });
      areEndpointsIn = true;
    }
  }
  return [...blocks.values()];
}

function blockOf(cidr: string, except: readonly string[]): Block | undefined {
  const range = parseCidr(cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`);
  return range === undefined ? undefined : { range, except: except.flatMap((text) => parseCidr(text) ?? []) };
}
