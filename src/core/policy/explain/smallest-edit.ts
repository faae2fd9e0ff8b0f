import type { Protocol } from '../../cluster/objects.ts';
import { matchPeers, matchPorts } from '../match/match.ts';
import type { Question } from '../match/matching.ts';
import type { World } from '../match/world.ts';
import type { Direction, Peer, Policy, Reading, Rule } from '../model/policy.ts';
import type { RuleChange, RuleEdit, RulePlace } from '../model/rule-edit.ts';
import { patchOf } from './patch.ts';
import { peerFor } from './peer-for.ts';

/** A rule that nearly matched: its policy, which of its readings, its place there. */
export type Missed = {
  readonly policy: Policy;
  readonly reading: Reading;
  readonly direction: Direction;
  readonly rule: Rule;
  readonly index: number;
};

/**
 * The smallest edit that makes a rule match a question; undefined when none of this rule's policy can, as for a node
 * and a NetworkPolicy on Cilium. Made so that the policy stays valid: two kinds of peers do not go into one rule of
 * Cilium (CIL-14), nor does a plain port into one that a proxy decides on.
 */
export function smallestEdit(world: World, missed: Missed, question: Question): RuleEdit | undefined {
  const { policy, reading, direction, rule, index } = missed;
  const { port, protocol } = question;
  const place: RulePlace = { part: world.matching.readings(policy).indexOf(reading), direction, index };
  const edit = (change: RuleChange, text: string): RuleEdit => {
    const patch = patchOf(policy, { direction, index, rule }, change);
    return { ...place, ...change, text, ...(patch === undefined ? {} : { patch }) };
  };
  const number = (rule.at?.index ?? index) + 1;
  const asked = `${protocol.toLowerCase()} ${port}`;
  const hasPeer = matchPeers(world, rule.peers, question) === 'yes';
  const hasPort = matchPorts(world, rule.ports, question) === 'yes';
  const takesPort = takesPortsOf(world, protocol);
  if (!takesPort && !hasPort) return undefined;
  if (hasPeer && rule.l7 === undefined && takesPort && !speaksOfIcmp(rule)) {
    return edit({ type: 'add-port', protocol, port }, `add ${asked} to rule ${number}`);
  }
  const found = peerFor(world, policy, question, keysOf(rule));
  if (found === undefined) return undefined;
  const { peer, text } = found;
  if (hasPort && rule.l7 === undefined && goTogether(rule.peers, peer)) {
    return edit({ type: 'add-peer', peer }, `add ${text} to rule ${number}`);
  }
  if (!takesPort) return undefined;
  return edit({ type: 'add-rule', peer, protocol, port }, `add a rule for ${text} on ${asked}`);
}

/**
 * Whether a rule may name a port of a protocol to any effect. None of a NetworkPolicy speaks of ICMP, and one of Cilium
 * that does takes no ports beside.
 */
function takesPortsOf({ dialect }: World, protocol: Question['protocol']): protocol is Protocol {
  return protocol === 'SCTP' ? dialect.sctp !== 'no' : protocol !== 'ICMP';
}

/** Cilium refuses a rule that has ports beside types of ICMP (CIL-19). */
function speaksOfIcmp({ ports }: Rule): boolean {
  return ports !== 'any' && ports.some(({ type }) => type === 'icmp');
}

function keysOf({ peers }: Rule): readonly string[] {
  if (peers === 'any') return [];
  const keys = peers.flatMap((peer) => (peer.type === 'pods' ? peer.pods.map(({ key }) => key) : []));
  return [...new Set(keys.map((key) => key.replace(/^(?:k8s|any):/, '')))];
}

/** Whether a peer may stand beside others: any in a NetworkPolicy, one field's in a rule of Cilium. */
function goTogether(peers: Rule['peers'], peer: Peer): boolean {
  if (peers === 'any') return false;
  const isCilium = (item: Peer) =>
    item.type === 'entity' || ('identity' in item && item.identity === 'cilium');
  if (!isCilium(peer)) return true;
  return (
    peers.length > 0 &&
    peers.every((item) => item.type === peer.type && !('except' in item && item.except.length > 0))
  );
}
