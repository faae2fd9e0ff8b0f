import { type CidrGroup, matches } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { CidrPeer, Doubts, EnforcerPeer, Match, Question } from '../match/match.ts';
import type { CiliumSight } from './identity.ts';

type GroupPeer = EnforcerPeer & { readonly type: 'cidr-group' };

type MatchCidr = (sight: CiliumSight, peer: CidrPeer, question: Question, doubts: Doubts) => Match;

/**
 * Matches peers that mean groups: some CIDR of theirs holds the other end, and no exception does. A group that is not
 * among the objects may hold anything. The CIDRs of a group in a peer are made once.
 */
export function createCidrGroups(
  sight: CiliumSight,
  matchCidr: MatchCidr,
): (peer: GroupPeer, question: Question, doubts: Doubts) => Match {
  const { model } = sight;
  const known = new WeakMap<CidrGroup, WeakMap<GroupPeer, readonly CidrPeer[]>>();

  function cidrsIn(peer: GroupPeer, group: CidrGroup): readonly CidrPeer[] {
    const byPeer = known.get(group) ?? new WeakMap<GroupPeer, readonly CidrPeer[]>();
    known.set(group, byPeer);
    const made = byPeer.get(peer) ?? cidrsOf(peer, group);
    byPeer.set(peer, made);
    return made;
  }

  /** A CIDR never means pods or nodes where the mode does not say so. */
  function mayReach(question: Question): boolean {
    return HALVES.some((cidr) => {
      const peer: CidrPeer = { type: 'cidr', cidr, except: [], identity: 'cilium' };
      return matchCidr(sight, peer, question, undefined) !== 'no';
    });
  }

  return (peer, question, doubts) => {
    const groups = groupsOf(model, peer);
    let best: Match = 'no';
    for (const cidr of groups.flatMap((group) => cidrsIn(peer, group))) {
      const match = matchCidr(sight, cidr, question, doubts);
      if (match === 'yes') return 'yes';
      if (match === 'maybe') best = 'maybe';
    }
    if (groups.length > 0 || isListed(model, peer) || !mayReach(question)) return best;
    doubts?.push({ type: 'cidr-group', ...('name' in peer.by ? { name: peer.by.name } : {}) });
    return 'maybe';
  };
}

/** The groups that a peer means, as far as they are known, as CIDRs. */
export function cidrsOfGroups(model: ClusterModel, peer: GroupPeer): readonly CidrPeer[] {
  return groupsOf(model, peer).flatMap((group) => cidrsOf(peer, group));
}

function cidrsOf({ except }: GroupPeer, { cidrs }: CidrGroup): readonly CidrPeer[] {
  return cidrs.map((cidr): CidrPeer => ({ type: 'cidr', cidr, except, identity: 'cilium' }));
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

/** All addresses, in CIDRs that mean what is in the cluster too. */
const HALVES = ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'];
