import { covers, type IpRange, parseCidr, type Selector } from '../../cluster/cluster.ts';
import { shortPeerText } from '../explain/explain.ts';
import type { Peer, Rule } from '../model/model.ts';
import { type Lint, type PlacedRule, placedRules } from './context.ts';
import { ruleCovers, rulesMeet } from './cover.ts';

/**
 * A peer beside a wider one of its rule: peers are ORed, so what it leaves out is admitted all the same (NP-14). A range
 * whose exception another peer of the policy admits: `except` is no deny (NP-21).
 */
export const peerUndone: Lint = {
  id: 'peer-undone',
  title: 'another peer admits what a peer leaves out',
  source:
    'Kubernetes docs, Network Policies: peers of a rule and rules of a policy are additive; except is not a deny',
  severity: 'warning',
  *check(context, policy) {
    const rules = [...placedRules(context, policy)].filter(({ rule }) => rule.action === 'allow');
    for (const placed of rules) {
      const { direction, index, rule } = placed;
      const peers = rule.peers === 'any' ? [] : rule.peers;
      for (const [at, peer] of peers.entries()) {
        const wider = peers.findIndex(
          (other, place) => place !== at && isTold(other, peer) && isWider(rule, other, peer),
        );
        const wide = peers[wider];
        if (wide !== undefined) {
          const what = leavesOut(peer) ? 'leaves nobody out' : 'adds nothing';
          yield {
            direction,
            ruleIndex: index,
            ...(leavesOut(peer) ? {} : { severity: 'info' as const }),
            text: `Rule ${index + 1}: peer ${wider + 1} admits ${shortPeerText(wide)}, so peer ${at + 1} (${shortPeerText(peer)}) ${what}.`,
            fix: `Remove peer ${leavesOut(peer) ? wider + 1 : at + 1}, or narrow it: matching any one peer is enough.`,
          };
          continue;
        }
        const undone = exceptionUndone(placed, peer, rules);
        if (undone !== undefined) yield { direction, ruleIndex: index, ...undone };
      }
    }
  },
};

/** What a peer leaves out counts in any case, a duplicate only beside one that selects all pods. */
function isTold(outer: Peer, inner: Peer): boolean {
  return leavesOut(inner) || (outer.type === 'pods' && outer.pods.length === 0);
}

/** Whether a peer names somebody that it does not admit. */
export function leavesOut(peer: Peer): boolean {
  if (peer.type === 'cidr') return peer.except.length > 0;
  if (peer.type !== 'pods') return false;
  return isNegative(peer.pods) || (peer.namespaces.by === 'labels' && isNegative(peer.namespaces.selector));
}

function isNegative(selector: Selector): boolean {
  return selector.some(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist');
}

/** Whether a peer admits what the other does, and more. */
function isWider(rule: Rule, outer: Peer, inner: Peer): boolean {
  const [wide, narrow] = [outer, inner].map((peer): Rule => ({ ...rule, peers: [peer] }));
  return wide !== undefined && narrow !== undefined && ruleCovers(wide, narrow) && !ruleCovers(narrow, wide);
}

/** The first exception of a range that another range of the same direction admits, on a port of its rule. */
function exceptionUndone(
  { direction, rule }: PlacedRule,
  peer: Peer,
  rules: readonly PlacedRule[],
): { readonly text: string; readonly fix: string } | undefined {
  if (peer.type !== 'cidr') return undefined;
  for (const except of peer.except) {
    const hole = parseCidr(except);
    if (hole === undefined) continue;
    for (const other of rules) {
      if (other.direction !== direction || !rulesMeet(rule, other.rule)) continue;
      const wide = cidrsOf(other.rule).find(
        ({ cidr, except: holes }) => holes.length === 0 && contains(cidr, hole),
      );
      if (wide === undefined) continue;
      return {
        text: `${peer.cidr} leaves out ${except}, but rule ${other.index + 1} admits ${wide.cidr}, which contains it.`,
        fix: 'Leave the range out of that peer too: except is not a deny.',
      };
    }
  }
  return undefined;
}

function cidrsOf({ peers }: Rule): readonly (Peer & { readonly type: 'cidr' })[] {
  return peers === 'any' ? [] : peers.filter((peer) => peer.type === 'cidr');
}

function contains(cidr: string, hole: IpRange): boolean {
  const range = parseCidr(cidr);
  return range !== undefined && covers(range, hole);
}
