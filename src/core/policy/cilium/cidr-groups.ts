import { matches } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import type { CidrGroup } from '../../cluster/objects.ts';
import type { Match, Question, World } from '../match/match.ts';
import type { Peer } from '../model/policy.ts';
import { matchWorldCidr } from './match.ts';

type GroupPeer = Peer & { readonly type: 'cidr-group' };
type CidrPeer = Peer & { readonly type: 'cidr' };

/**
 * Whether some CIDR of the groups that are meant holds the other end, and no exception does. A group that is not
 * among the objects may hold anything.
 */
export function matchCidrGroup(world: World, peer: GroupPeer, question: Question): Match {
  const groups = groupsOf(world.model, peer);
  let best: Match = 'no';
  for (const cidr of groups.flatMap((group) => cidrsOf(peer, group))) {
    const match = matchWorldCidr(world, cidr, question);
    if (match === 'yes') return 'yes';
    if (match === 'maybe') best = 'maybe';
  }
  if (groups.length > 0 || isListed(world.model, peer) || !mayReach(world, question)) return best;
  const what = 'name' in peer.by ? `CIDR group ${peer.by.name} is not` : 'no CIDR group is';
  world.doubts?.add(`${what} known here`);
  return 'maybe';
}

/** The groups that a peer means, as far as they are known, as CIDRs. */
export function cidrsOfGroups(model: ClusterModel, peer: GroupPeer): readonly CidrPeer[] {
  return groupsOf(model, peer).flatMap((group) => cidrsOf(peer, group));
}

function groupsOf(model: ClusterModel, { by }: GroupPeer): readonly CidrGroup[] {
  if (!('name' in by)) return [...model.cidrGroups()].filter(({ labels }) => matches(by.selector, labels));
  const group = model.cidrGroup(by.name);
  return group === undefined ? [] : [group];
}

/** Whether groups are known at all, so that a selector that finds none finds none. */
function isListed(model: ClusterModel, { by }: GroupPeer): boolean {
  return !('name' in by) && !model.cidrGroups()[Symbol.iterator]().next().done;
}

/** A CIDR never means pods or nodes where the mode does not say so. */
function mayReach(world: World, question: Question): boolean {
  return [4, 6].some((family) => {
    const half = family === 4 ? ['0.0.0.0/1', '128.0.0.0/1'] : ['::/1', '8000::/1'];
    return half.some((cidr) => {
      const peer: CidrPeer = { type: 'cidr', cidr, except: [], identity: 'cilium' };
      return matchWorldCidr({ model: world.model, dialect: world.dialect }, peer, question) !== 'no';
    });
  });
}

const known = new WeakMap<CidrGroup, WeakMap<GroupPeer, readonly CidrPeer[]>>();

function cidrsOf(peer: GroupPeer, group: CidrGroup): readonly CidrPeer[] {
  const byPeer = known.get(group) ?? new WeakMap<GroupPeer, readonly CidrPeer[]>();
  known.set(group, byPeer);
  const made =
    byPeer.get(peer) ??
    group.cidrs.map((cidr): CidrPeer => ({ type: 'cidr', cidr, except: peer.except, identity: 'cilium' }));
  byPeer.set(peer, made);
  return made;
}
