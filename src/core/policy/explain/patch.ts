import { assertNever } from '../../assert-never.ts';
import type { Selector } from '../../cluster/labels.ts';
import type { Direction, Peer, Policy, Rule } from '../model/policy.ts';
import type { PatchStep, RuleChange } from '../model/rule-edit.ts';

/**
 * An edit as a patch of the policy's object. Undefined where the rules at hand do not say where theirs stand in it: a
 * policy of several `specs`, CIDRs of Cilium, which have two fields.
 */
export function patchOf(
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
      // Blocks of addresses may stand in either of two fields.
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
