import {
  formatIp,
  hostCidr,
  type Labels,
  type Pod,
  type Protocol,
  type Requirement,
  type Selector,
  selectorOf,
} from '../../cluster/cluster.ts';
import { assertNever } from '../../common/common.ts';
import { NAMESPACE_LABEL, reservedOf } from '../cilium/cilium.ts';
import { matchPeers, matchPorts, type Question, type Side, type World } from '../match/match.ts';
import type {
  Direction,
  PatchStep,
  Peer,
  Policy,
  PortMatch,
  Reading,
  Rule,
  RuleChange,
  RuleEdit,
  RulePlace,
} from '../model/model.ts';
import { shortPeerText } from './text.ts';

/** A rule that nearly matched: its policy, which of its readings, and its position there. */
export type Missed = {
  readonly policy: Policy;
  readonly reading: Reading;
  readonly direction: Direction;
  readonly rule: Rule;
  readonly index: number;
};

/**
 * The edits that make a rule match a question, the preferred one first; empty when no change to this policy can, such as
 * for a node and a NetworkPolicy on Cilium. The smallest change widens the rule by a port or a peer; if that also opens
 * the rule's other peers or ports, a separate rule for this end and port is the second, and the first where widening
 * admits everybody. A rule kept for DNS is not widened for anything else. The policy stays valid: two kinds of peers are
 * not combined in one Cilium rule (CIL-14), nor is a plain port added to a rule that a proxy decides.
 */
export function editsFor(world: World, missed: Missed, question: Question): readonly RuleEdit[] {
  const { policy, rule } = missed;
  const { port, protocol } = question;
  const number = (rule.at?.index ?? missed.index) + 1;
  const asked = `${protocol.toLowerCase()} ${port}`;
  const hasPeer = matchPeers(world, rule.peers, question) === 'yes';
  const hasPort = matchPorts(world, rule.ports, question) === 'yes';
  const takesPort = takesPortsOf(world, protocol);
  if (!takesPort && !hasPort) return [];
  const edit = editOf(world, missed);
  const found = peerFor(world, policy, question, keysOf(rule));
  const own =
    found === undefined || !takesPort
      ? []
      : [
          edit(
            { type: 'add-rule', peer: found.peer, protocol, port },
            `add a rule for ${found.text} on ${asked}`,
            found.everybody,
          ),
        ];
  if (isForDns(rule) && !hasPort && !DNS_PORTS.includes(port)) return own;
  if (hasPeer && rule.l7 === undefined && takesPort && !speaksOfIcmp(rule)) {
    const everybody = everybodyOf(rule.peers);
    const wide = edit({ type: 'add-port', protocol, port }, `add ${asked} to rule ${number}`, everybody);
    return inOrder(wide, own);
  }
  if (found === undefined) return [];
  const { peer, text, everybody } = found;
  if (hasPort && rule.l7 === undefined && goTogether(rule.peers, peer)) {
    const wide = edit({ type: 'add-peer', peer }, `add ${text} to rule ${number}`, everybody);
    return isOnePort(rule) ? [wide] : inOrder(wide, own);
  }
  return own;
}

function editOf(
  world: World,
  { policy, reading, direction, rule, index }: Missed,
): (change: RuleChange, text: string, everybody: string | undefined) => RuleEdit {
  const place: RulePlace = { part: world.matching.readings(policy).indexOf(reading), direction, index };
  return (change, text, everybody) => {
    const patch = patchOf(policy, { direction, index, rule }, change);
    return {
      ...place,
      ...change,
      text,
      ...(everybody === undefined ? {} : { everybody }),
      ...(patch === undefined ? {} : { patch }),
    };
  };
}

/** What admits everybody comes after what does not. */
function inOrder(wide: RuleEdit, own: readonly RuleEdit[]): readonly RuleEdit[] {
  const isNarrower = own.some(({ everybody }) => everybody === undefined);
  return wide.everybody !== undefined && isNarrower ? [...own, wide] : [wide, ...own];
}

/** The usual port of DNS, and what resolvers listen on behind a Service. */
const DNS_PORTS = [53, 5353];

/** Whether a rule names nothing but ports of DNS. */
function isForDns({ ports, l7 }: Rule): boolean {
  if (l7 === 'dns') return true;
  return ports !== 'any' && ports.length > 0 && ports.every(isDnsPort);
}

function isDnsPort(port: PortMatch): boolean {
  if (port.type === 'named') return /^dns(?:-tcp|-udp)?$/.test(port.name);
  return port.type === 'range' && port.from === port.to && DNS_PORTS.includes(port.from);
}

function isOnePort({ ports }: Rule): boolean {
  const [port, ...others] = ports === 'any' ? [] : ports;
  return others.length === 0 && (port?.type === 'named' || (port?.type === 'range' && port.from === port.to));
}

/** The peer of a rule that admits everybody of some place; undefined if there is none. */
function everybodyOf(peers: Rule['peers']): string | undefined {
  if (peers === 'any') return 'anyone';
  const wide = peers.find(
    (peer) =>
      (peer.type === 'pods' && peer.pods.length === 0) ||
      (peer.type === 'cidr' && peer.cidr.endsWith('/0')) ||
      (peer.type === 'entity' && ['all', 'world', 'cluster'].includes(peer.entity)),
  );
  return wide === undefined ? undefined : shortPeerText(wide);
}

/**
 * Whether a rule can usefully name a port of a protocol. A NetworkPolicy can't name ICMP, and a Cilium rule that does
 * takes no other ports.
 */
function takesPortsOf({ dialect }: World, protocol: Question['protocol']): protocol is Protocol {
  return protocol === 'SCTP' ? dialect.sctp !== 'no' : protocol !== 'ICMP';
}

/** Cilium rejects a rule with both ports and ICMP types (CIL-19). */
function speaksOfIcmp({ ports }: Rule): boolean {
  return ports !== 'any' && ports.some(({ type }) => type === 'icmp');
}

function keysOf({ peers }: Rule): readonly string[] {
  if (peers === 'any') return [];
  const keys = peers.flatMap((peer) => (peer.type === 'pods' ? peer.pods.map(({ key }) => key) : []));
  return [...new Set(keys.map((key) => key.replace(/^(?:k8s|any):/, '')))];
}

/**
 * Whether a peer can be added next to others: always in a NetworkPolicy, only within the same field in a Cilium rule.
 */
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

/**
 * An edit as a patch of the policy's object. Undefined where the rules don't carry their position in it: a policy with
 * several `specs`, or Cilium CIDRs, which have two fields.
 */
function patchOf(
  policy: Policy,
  place: { readonly direction: Direction; readonly index: number; readonly rule: Rule },
  change: RuleChange,
): readonly PatchStep[] | undefined {
  if (policy.kind === 'NetworkPolicy') return [networkStep(policy, place, change)];
  if (policy.parts !== undefined || place.rule.at === undefined) return undefined;
  const step = ciliumStep(place.direction, place.rule.at, change);
  return step === undefined ? undefined : [step];
}

function networkStep(
  { namespace }: Policy,
  { direction, index }: { readonly direction: Direction; readonly index: number },
  change: RuleChange,
): PatchStep {
  const side = direction === 'ingress' ? 'from' : 'to';
  const rules = `/spec/${direction}`;
  switch (change.type) {
    case 'add-port':
      return add(`${rules}/${index}/ports/-`, { protocol: change.protocol, port: change.port });
    case 'add-peer':
      return add(`${rules}/${index}/${side}/-`, networkPeer(change.peer, namespace));
    case 'add-rule':
      return add(`${rules}/-`, {
        ...(change.peer === 'any' ? {} : { [side]: [networkPeer(change.peer, namespace)] }),
        ports: [{ protocol: change.protocol, port: change.port }],
      });
    default:
      return assertNever(change);
  }
}

function networkPeer(peer: Peer, own: string | undefined): unknown {
  if (peer.type === 'cidr') return { ipBlock: { cidr: peer.cidr } };
  if (peer.type !== 'pods' || peer.namespaces.by !== 'name') {
    throw new Error('an edit of a NetworkPolicy adds pods of one namespace, or an address');
  }
  const { name } = peer.namespaces;
  const elsewhere = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
  return { ...(name === own ? {} : elsewhere), podSelector: selectorObject(peer.pods) };
}

function ciliumStep(
  direction: Direction,
  at: { readonly section: string; readonly index: number },
  change: RuleChange,
): PatchStep | undefined {
  const rule = `/spec/${at.section}/${at.index}`;
  const side = direction === 'ingress' ? 'from' : 'to';
  const ports = (protocol: string, port: number) => ({ ports: [{ port: String(port), protocol }] });
  switch (change.type) {
    case 'add-port':
      return add(`${rule}/toPorts/-`, ports(change.protocol, change.port));
    case 'add-peer': {
      const field = ciliumField(change.peer);
      // Address blocks may be in either of two fields.
      if (field === undefined || change.peer.type === 'cidr') return undefined;
      return add(`${rule}/${side}${field.name}/-`, field.value);
    }
    case 'add-rule': {
      const field = change.peer === 'any' ? undefined : ciliumField(change.peer);
      if (change.peer !== 'any' && field === undefined) return undefined;
      return add(`/spec/${at.section}/-`, {
        ...(field === undefined ? {} : { [`${side}${field.name}`]: [field.value] }),
        toPorts: [ports(change.protocol, change.port)],
      });
    }
    default:
      return assertNever(change);
  }
}

function ciliumField(peer: Peer): { readonly name: string; readonly value: unknown } | undefined {
  if (peer.type === 'pods') return { name: 'Endpoints', value: selectorObject(peer.pods) };
  if (peer.type === 'entity') return { name: 'Entities', value: peer.entity };
  return peer.type === 'cidr' ? { name: 'CIDR', value: peer.cidr } : undefined;
}

/** The selector of an edit, which is made of labels. */
function selectorObject(selector: Selector): unknown {
  return { matchLabels: Object.fromEntries(selector.map(({ key, values }) => [key, values[0] ?? ''])) };
}

function add(path: string, value: unknown): PatchStep {
  return { op: 'add', path, value };
}

/** A peer to add, its text, and the place whose pods it all admits, if it names no label of theirs. */
type FoundPeer = { readonly peer: Peer; readonly text: string; readonly everybody?: string };

/** Labels that usually name a workload, best first. */
const NAMING = ['app', 'app.kubernetes.io/name', 'k8s-app', 'name', 'component', 'role'];

/** Labels generated by controllers: they differ between pods or between rollouts. */
const GENERATED =
  /^(?:pod-template-hash|controller-revision-hash|pod-template-generation|controller-uid|job-name|batch\.kubernetes\.io\/|statefulset\.kubernetes\.io\/|apps\.kubernetes\.io\/)/;

/**
 * A peer for the other end, in a rule of a policy: its namespace and the labels that name its workload, preferring keys
 * that the rule already selects by; the address of an end that is not a pod. Undefined where no peer of that policy
 * kind can match it (NP-29, CIL-11).
 */
function peerFor(
  world: World,
  policy: Policy,
  question: Question,
  keys: readonly string[],
): FoundPeer | undefined {
  const side = question.peer;
  if (side.type === 'pod' && !side.pod.hostNetwork) {
    const { namespace } = side.pod;
    const chosen = question.through?.service.selector ?? chosenLabels(world, side.pod, keys);
    const text = Object.entries(chosen).map(([key, value]) => `${key}=${value}`);
    const who = text.length === 0 ? 'all pods' : text.join(',');
    const isOwn = namespace === policy.namespace;
    return {
      peer: podsPeer(policy, namespace, chosen),
      text: isOwn ? who : `${who} in ${namespace}`,
      ...(text.length === 0 ? { everybody: `all pods in ${namespace}` } : {}),
    };
  }
  return policy.kind === 'NetworkPolicy' ? addressPeer(world, question) : ciliumPeer(world, question);
}

function chosenLabels(world: World, { labels, owner }: Pod, keys: readonly string[]): Labels {
  const stable = usableKeys(world, labels);
  const ofJob = owner?.kind === 'Job' ? JOB_NAMES.filter((key) => isUsable(world, labels, key)) : [];
  const usable = stable.length > 0 ? stable : ofJob.slice(0, 1);
  const wanted = keys.filter((key) => usable.includes(key));
  const named = NAMING.find((key) => usable.includes(key));
  const chosen = wanted.length > 0 ? wanted : named === undefined ? usable : [named];
  return Object.fromEntries(chosen.map((key) => [key, labels[key] ?? '']));
}

/** Keys of stable labels that the enforcer sees. */
function usableKeys(world: World, labels: Labels): readonly string[] {
  return Object.keys(labels).filter((key) => !GENERATED.test(key) && isUsable(world, labels, key));
}

function isUsable({ matching }: World, labels: Labels, key: string): boolean {
  return Object.hasOwn(labels, key) && matching.seesLabel(key);
}

/** The name of a Job that no CronJob made stays the same. */
const JOB_NAMES = ['batch.kubernetes.io/job-name', 'job-name'];

function podsPeer(policy: Policy, namespace: string, labels: Labels): Peer {
  const pods = selectorOf(labels);
  if (policy.kind === 'NetworkPolicy') {
    return { type: 'pods', namespaces: { by: 'name', name: namespace }, pods };
  }
  const inNamespace: Requirement = {
    key: `k8s:${NAMESPACE_LABEL}`,
    operator: 'In',
    values: [namespace],
    isLabel: true,
  };
  return {
    type: 'pods',
    namespaces: { by: 'labels', selector: [] },
    pods: policy.namespace === namespace ? [...pods, inNamespace] : [inNamespace, ...pods],
    identity: 'cilium',
  };
}

/**
 * An ipBlock; not for nodes if the enforcer does not match them by address. Where it counts the host network as a
 * namespace, an address of a node may not be the one it comes with, and that namespace is the peer (ENF-34).
 */
function addressPeer(
  { dialect, model }: World,
  { peer: side, self, destination }: Question,
): FoundPeer | undefined {
  const cidr = side.type === 'ip' ? blockOf(side) : blockText(side.pod.ips[0]);
  if (cidr === undefined || (side.type === 'ip' && side.reserved !== undefined)) return undefined;
  const isNode = side.type === 'pod' || side.node !== undefined;
  if (isNode && dialect.identityLabels && !dialect.cidrMatchesNodes) return undefined;
  if (isNode && dialect.hostNamespaces.length > 0 && self === destination) {
    const home = dialect.hostNamespaces.find((name) => model.namespace(name) !== undefined);
    if (home === undefined) return undefined;
    return {
      peer: { type: 'pods', namespaces: { by: 'name', name: home }, pods: [] },
      text: `namespace ${home}`,
      everybody: 'the host network of all nodes',
    };
  }
  return { peer: { type: 'cidr', cidr, except: [] }, text: cidr };
}

function ciliumPeer({ model }: World, { peer: side, self }: Question): FoundPeer | undefined {
  if (side.type === 'pod') return undefined;
  const [name = 'world'] = reservedOf(model, side, self).names;
  if (name !== 'world') return { peer: { type: 'entity', entity: name }, text: `entity ${name}` };
  const cidr = blockOf(side);
  if (cidr === undefined) return undefined;
  if (cidr.endsWith('/0')) return { peer: { type: 'entity', entity: name }, text: `entity ${name}` };
  return { peer: { type: 'cidr', cidr, except: [], identity: 'cilium' }, text: cidr };
}

/** The one block for an end: its address, or the requested block; none for a DNS name or for several blocks. */
function blockOf({ ips, blocks, dns }: Side & { readonly type: 'ip' }): string | undefined {
  if (dns !== undefined || (blocks !== undefined && blocks.length !== 1)) return undefined;
  const [ip] = ips;
  return blockText(blocks?.[0] ?? (ip === undefined ? undefined : formatIp(ip)));
}

function blockText(text: string | undefined): string | undefined {
  return text === undefined || text.includes('/') ? text : hostCidr(text);
}
