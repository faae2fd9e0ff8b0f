import { ciliumCidr } from './cidr.ts';
import { identity, speaksOfNamespaces } from './identity.ts';
import { ciliumPort } from './ports.ts';
import type { Ask, Normal } from './question.ts';
import { at, isObject, type Json, keysOf, type Labels, labelsAt, list, selects } from './reading.ts';

const SECTIONS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'];

/** A plain allow and an L7 one of the same kind, peer and port meet here (CIL-18). */
export type Entry = { readonly key: string; readonly l7: boolean };

/** A Cilium policy on a question, once for each of its rules that selects the pod. */
export function ciliumPolicyOn(
  ask: Ask,
  policy: Json,
  isInForce: (part: number) => boolean,
): readonly (Normal & { readonly entries: readonly Entry[] })[] {
  const specs = [...(isObject(policy.spec) ? [policy.spec] : []), ...(list(policy.specs) ?? [])];
  // One rule without a section makes the whole object invalid (CIL-14).
  if (specs.some((spec) => SECTIONS.every((section) => (list(at(spec, section)) ?? []).length === 0)))
    return [];
  return specs
    .filter((spec) => isSubject(ask, policy, spec) && isInForce(specs.indexOf(spec)))
    .map((spec) => onRule(ask, policy, spec, specs.indexOf(spec)));
}

/** The subject of a CNP stays in its namespace, and a namespace under matchLabels gives way to it (CIL-6). */
function isSubject(ask: Ask, policy: Json, spec: unknown): boolean {
  const selector = at(spec, 'endpointSelector');
  const namespace = at(policy, 'metadata', 'namespace');
  if (namespace === undefined) return selects(selector, identity(ask, ask.self));
  if (ask.self.namespace !== namespace) return false;
  const { 'k8s:io.kubernetes.pod.namespace': _replaced, ...matchLabels } = labelsAt(selector, 'matchLabels');
  return selects(
    { matchLabels, matchExpressions: at(selector, 'matchExpressions') },
    identity(ask, ask.self),
  );
}

function onRule(ask: Ask, policy: Json, spec: unknown, number: number) {
  const { direction } = ask;
  const allows = list(at(spec, direction)) ?? [];
  const denies = list(at(spec, `${direction}Deny`)) ?? [];
  const place = `${policy.kind} ${at(policy, 'metadata', 'namespace')}/${at(policy, 'metadata', 'name')} ${number} ${direction}`;
  const entries = allows.flatMap((rule, index) => entriesOf(ask, policy, rule, `${place} ${index}`, false));
  const denied = denies.some(
    (rule, index) => entriesOf(ask, policy, rule, `${place} deny ${index}`, true).length > 0,
  );
  return {
    // Default deny needs a rule of the direction, and may be switched off (CIL-2, CIL-3).
    speaks: allows.length + denies.length > 0,
    isolates: allows.length + denies.length > 0 && at(spec, 'enableDefaultDeny', direction) !== false,
    denies: denied,
    allows:
      entries.length === 0
        ? ('no' as const)
        : entries.some(({ l7 }) => !l7)
          ? ('plain' as const)
          : ('l7' as const),
    entries,
  };
}

/** What of a rule applies: a peer and a port each (CIL-4, CIL-5, CIL-13, CIL-18). */
function entriesOf(ask: Ask, policy: Json, rule: unknown, place: string, deny: boolean): readonly Entry[] {
  const toPorts = list(at(rule, 'toPorts')) ?? [];
  const peers = peersOf(ask, policy, rule, place, deny, toPorts.length > 0);
  if (toPorts.length === 0) return peers.map((peer) => ({ key: `${policy.kind} ${peer} *`, l7: false }));
  const open = toPorts.flatMap((item, number) =>
    (list(at(item, 'ports')) ?? [])
      .filter((port, index) => ciliumPort(ask, port, `${place} ports ${number}.${index}`))
      .map((port) => ({
        port: `${at(port, 'port')}-${at(port, 'endPort')}`,
        l7: !deny && at(item, 'rules') !== undefined,
      })),
  );
  return peers.flatMap((peer) => open.map(({ port, l7 }) => ({ key: `${policy.kind} ${peer} ${port}`, l7 })));
}

/** Texts of the peers that the other end is; empty when it is none of them. */
function peersOf(
  ask: Ask,
  policy: Json,
  rule: unknown,
  place: string,
  deny: boolean,
  hasPorts: boolean,
): readonly string[] {
  const side = ask.direction === 'ingress' ? 'from' : 'to';
  const field = (name: string) => list(at(rule, name));
  const test = (name: string, items: readonly unknown[], is: (item: unknown, index: number) => boolean) =>
    items.flatMap((item, index) => (is(item, index) ? [`${name} ${JSON.stringify(item)}`] : []));

  const endpoints = field(`${side}Endpoints`);
  if (endpoints !== undefined)
    return test('endpoints', endpoints, (item, index) => isEndpoint(ask, policy, item, `${place}.${index}`));
  const entities = field(`${side}Entities`);
  if (entities !== undefined)
    return test('entities', entities, (item, index) => isEntity(ask, String(item), `${place}.${index}`));
  const cidrs = field(`${side}CIDR`);
  if (cidrs !== undefined)
    return test('cidr', cidrs, (item, index) =>
      ciliumCidr(ask, { cidr: String(item), except: [] }, `${place}.${index}`),
    );
  const sets = field(`${side}CIDRSet`);
  if (sets !== undefined) {
    return test('cidr', sets, (item, index) => {
      const except = (list(at(item, 'except')) ?? []).map(String);
      return ciliumCidr(ask, { cidr: String(at(item, 'cidr')), except }, `${place}.${index}`);
    });
  }
  const services = field('toServices') ?? [];
  if (services.length > 0) {
    // Never resolved in a deny (CIL-9).
    if (deny) return hasPorts ? ['any'] : [];
    return isService(ask, services, hasPorts) ? [`services ${JSON.stringify(services)}`] : [];
  }
  const names = field('toFQDNs') ?? [];
  if (names.length > 0) {
    return test('fqdn', names, (_item, index) => isWorld(ask) && ask.guess(`name ${place}.${index}`));
  }
  // No peer field: any peer, given ports; else nothing (CIL-4, CIL-5).
  return hasPorts ? ['any'] : [];
}

function isWorld({ peer }: Ask): boolean {
  return peer.type === 'address' && peer.node === undefined;
}

function isEndpoint(ask: Ask, policy: Json, selector: unknown, place: string): boolean {
  const keys = keysOf(selector);
  const { peer } = ask;
  if (keys.some((key) => key.startsWith('reserved:'))) {
    if (peer.type === 'pod') return false;
    // Each mention of what is not known counts by itself: so does the engine.
    return keys.every((key) => isEntity(ask, key.slice('reserved:'.length), place));
  }
  if (peer.type !== 'pod') return false;
  const namespace = at(policy, 'metadata', 'namespace');
  if (namespace !== undefined && !speaksOfNamespaces(keys) && peer.namespace !== namespace) return false;
  return selects(selector, identity(ask, peer));
}

/** An entity, seen from the pod at the other end (CIL-10). */
function isEntity(ask: Ask, entity: string, place: string): boolean {
  const { peer, self, world } = ask;
  if (entity === 'all') return true;
  if (peer.type === 'pod') return entity === 'cluster';
  const api = world.endpoints.get('default/kubernetes');
  const isApiServer = () => (api === undefined ? ask.guess(`API server ${place}`) : api.includes(peer.ip));
  if (peer.node === undefined) {
    if (entity === 'world') return true;
    return (entity === 'kube-apiserver' || entity === 'cluster') && isApiServer();
  }
  if (entity === 'cluster') return true;
  if (entity === 'host') return peer.node.name === self.node;
  if (entity === 'remote-node') return peer.node.name !== self.node;
  return entity === 'kube-apiserver' && isApiServer();
}

/** By selector its pods, else its endpoints as CIDRs; what finds nothing means anybody (CIL-12). */
function isService(ask: Ask, items: readonly unknown[], hasPorts: boolean): boolean {
  const { world, peer, settings } = ask;
  const found = items.flatMap((item) => {
    const name = at(item, 'k8sService', 'serviceName');
    const namespace = at(item, 'k8sService', 'namespace');
    return world.services.filter(
      (one) => one.name === name && (namespace === undefined || one.namespace === namespace),
    );
  });
  const endpoints = (service: { readonly namespace: string; readonly name: string }) =>
    world.endpoints.get(`${service.namespace}/${service.name}`) ?? [];
  const standing = found.filter((service) => service.selector !== undefined || endpoints(service).length > 0);
  if (standing.length === 0) return hasPorts;
  return standing.some((service) => {
    if (service.selector !== undefined) {
      return peer.type === 'pod' && peer.namespace === service.namespace && hasAll(ask, service.selector);
    }
    if (peer.type === 'pod') return false;
    if (peer.node !== undefined && !settings.cidrModes.includes('nodes')) return false;
    return endpoints(service).includes(peer.ip);
  });
}

function hasAll(ask: Ask, selector: Labels): boolean {
  return ask.peer.type === 'pod' && selects({ matchLabels: selector }, identity(ask, ask.peer));
}
