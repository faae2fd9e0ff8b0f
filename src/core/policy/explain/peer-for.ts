import { formatIp } from '../../cluster/ip.ts';
import type { Labels, Requirement } from '../../cluster/labels.ts';
import { selectorOf } from '../../cluster/labels.ts';
import { NAMESPACE_LABEL } from '../cilium/labels.ts';
import { reservedOf } from '../cilium/reserved.ts';
import type { Question } from '../match/matching.ts';
import type { Side } from '../match/side.ts';
import type { World } from '../match/world.ts';
import type { Peer, Policy } from '../model/policy.ts';

/** A peer to add, and how to say it. */
export type FoundPeer = { readonly peer: Peer; readonly text: string };

/** Labels that usually name a workload, best first. */
const NAMING = ['app', 'app.kubernetes.io/name', 'k8s-app', 'name', 'component', 'role'];

/** Labels that controllers make up: they differ from pod to pod or from one roll-out to the next. */
const GENERATED =
  /^(?:pod-template-hash|controller-revision-hash|pod-template-generation|controller-uid|job-name|batch\.kubernetes\.io\/|statefulset\.kubernetes\.io\/|apps\.kubernetes\.io\/)/;

/**
 * A peer that stands for the other end in a rule of a policy: its namespace and what names its workload, the keys that
 * the rule already selects by first; the address of what is no pod. Undefined where no peer of that kind of policy
 * reaches it (NP-29, CIL-11).
 */
export function peerFor(
  world: World,
  policy: Policy,
  question: Question,
  keys: readonly string[],
): FoundPeer | undefined {
  const side = question.peer;
  if (side.type === 'pod' && !side.pod.hostNetwork) {
    const { namespace, labels } = side.pod;
    const chosen = chosenLabels(world, labels, keys);
    const text = Object.entries(chosen).map(([key, value]) => `${key}=${value}`);
    const who = text.length === 0 ? 'all pods' : text.join(',');
    const isOwn = namespace === policy.namespace;
    return {
      peer: podsPeer(policy, namespace, chosen),
      text: isOwn ? who : `${who} of ${namespace}`,
    };
  }
  return policy.kind === 'NetworkPolicy' ? addressPeer(world, question) : ciliumPeer(world, question);
}

function chosenLabels(world: World, labels: Labels, keys: readonly string[]): Labels {
  const usable = usableKeys(world, labels);
  const wanted = keys.filter((key) => usable.includes(key));
  const named = NAMING.find((key) => usable.includes(key));
  const chosen = wanted.length > 0 ? wanted : named === undefined ? usable : [named];
  return Object.fromEntries(chosen.map((key) => [key, labels[key] ?? '']));
}

/** Keys of labels that last, and that the enforcer sees. */
function usableKeys({ matching }: World, labels: Labels): readonly string[] {
  return Object.keys(labels).filter((key) => !GENERATED.test(key) && matching.seesLabel(key));
}

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

/** An ipBlock: not for nodes where the enforcer keeps addresses from matching them. */
function addressPeer({ dialect }: World, { peer: side }: Question): FoundPeer | undefined {
  const cidr = side.type === 'ip' ? blockOf(side) : hostCidr(side.pod.ips[0]);
  if (cidr === undefined || (side.type === 'ip' && side.reserved !== undefined)) return undefined;
  const isNode = side.type === 'pod' || side.node !== undefined;
  if (isNode && dialect.identityLabels && !dialect.cidrMatchesNodes) return undefined;
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

/** The one block that stands for an end: its address, or what was asked for; none of a DNS name, or of several. */
function blockOf({ ips, blocks, dns }: Side & { readonly type: 'ip' }): string | undefined {
  if (dns !== undefined || (blocks !== undefined && blocks.length !== 1)) return undefined;
  const [ip] = ips;
  return hostCidr(blocks?.[0] ?? (ip === undefined ? undefined : formatIp(ip)));
}

function hostCidr(text: string | undefined): string | undefined {
  if (text === undefined || text.includes('/')) return text;
  return `${text}/${text.includes(':') ? 128 : 32}`;
}
