import { type CidrGroup, matches } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { CidrPeer, Doubts, EnforcerPeer, Match, Question } from '../match/match.ts';
import type { CiliumSight } from './identity.ts';

type GroupPeer = EnforcerPeer & { readonly type: 'cidr-group' };

type MatchCidr = (sight: CiliumSight, peer: CidrPeer, question: Question, doubts: Doubts) => Match;

/**
 * Matches group peers: the other end is in one of their CIDRs and in no exception. A group missing from the objects may
 * contain anything. The CIDRs of a peer's groups are computed once.
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

  /** A CIDR never matches pods or nodes unless the mode says so. */
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

/** The known groups that a peer refers to, as CIDRs. */
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

/** Whether groups are known at all, so that a selector that matches none really matches none. */
function isListed(model: ClusterModel, { by }: GroupPeer): boolean {
  return !('name' in by) && !model.cidrGroups()[Symbol.iterator]().next().done;
}

/** All addresses, as CIDRs that also include those in the cluster. */
const HALVES = ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'];
