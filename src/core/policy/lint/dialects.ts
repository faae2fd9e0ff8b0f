import { matches, type Pod, type Service } from '../../cluster/cluster.ts';
import { shortPeerText } from '../explain/explain.ts';
import { HBONE_PORT, isAmbient } from '../match/match.ts';
import type { Direction, Peer, Rule } from '../model/model.ts';
import { DNS_CACHE, hasDnsCache } from '../path/path.ts';
import { type Lint, type LintContext, placedRules, podPeers, podsMatching } from './context.ts';
import { mayHold } from './cover.ts';

/** Rules for ports of pods whose traffic Istio ambient carries over another one (ENF-32). */
export const hbonePort: Lint = {
  id: 'hbone-port',
  title: 'pods in Istio ambient are admitted without the port of its tunnel',
  source:
    'Istio docs, "Ambient and Kubernetes NetworkPolicy": traffic between ambient pods goes to port 15008',
  severity: 'warning',
  *check(context, policy) {
    if (policy.tier !== 'normal') return;
    const pods = context.selected(policy).filter((pod) => isAmbient(context.model, pod));
    const [pod] = pods;
    if (pod === undefined) return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const { action, ports } = rule;
      if (action !== 'allow' || ports === 'any' || !ports.some(({ protocol }) => protocol === 'TCP'))
        continue;
      if (!mayBeMeshed(context, rule)) continue;
      if (rulesFor(context, pod, direction).some((other) => mayHold(other.ports, HBONE_PORT, 'TCP')))
        continue;
      yield {
        direction,
        ruleIndex: index,
        text: `${pod.name} is in Istio ambient, where connections within the mesh arrive on tcp ${HBONE_PORT} (HBONE), and no rule admits that port.`,
        fix: `Admit TCP port ${HBONE_PORT} for the same peers, and restrict ports with an AuthorizationPolicy.`,
      };
      return;
    }
  },
};

/** Addresses outside the cluster are in no mesh. */
function mayBeMeshed({ model, podAddresses }: LintContext, { peers }: Rule): boolean {
  if (peers === 'any') return true;
  const isAny = [...model.pods()].length > 0;
  return isAny && peers.some((peer) => peer.type !== 'cidr' || podAddresses.inside(peer) > 0);
}

function rulesFor({ engine, world }: LintContext, pod: Pod, direction: Direction): readonly Rule[] {
  return engine
    .policiesOn(pod)
    .flatMap((policy) => world.matching.readings(policy))
    .flatMap((reading) => reading[direction])
    .filter(({ action }) => action === 'allow');
}

/** A range of clients, where a node may put its own address in their place (ENF-30). */
export const clientAddress: Lint = {
  id: 'client-address',
  title: 'an ipBlock is for clients whose address a node may replace',
  source:
    'Kubernetes docs, "Using Source IP": externalTrafficPolicy Cluster replaces the address of the client',
  severity: 'warning',
  *check(context, policy) {
    const pods = new Set(context.selected(policy));
    if (pods.size === 0) return;
    const exposed = [...context.model.services()].filter(
      ({ type, externalTrafficPolicy }) =>
        (type === 'NodePort' || type === 'LoadBalancer') && externalTrafficPolicy === 'Cluster',
    );
    const service = exposed.find((one) => context.model.backends(one).some((pod) => pods.has(pod)));
    if (service === undefined) return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      if (direction !== 'ingress' || rule.action !== 'allow') continue;
      const range = rule.peers === 'any' ? undefined : rule.peers.find((peer) => isForClients(context, peer));
      if (range === undefined) continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} names ${shortPeerText(range)}, but Service ${service.namespace}/${service.name} has externalTrafficPolicy Cluster: its clients may arrive with the address of a node.`,
        fix: 'Set externalTrafficPolicy: Local on the Service, so that clients keep their address.',
      };
    }
  },
};

function isForClients({ podAddresses }: LintContext, peer: Peer): boolean {
  return peer.type === 'cidr' && !peer.cidr.endsWith('/0') && podAddresses.inside(peer) === 0;
}

/** Pods selected for egress by other labels than their Service selects them by (ENF-33). */
export const serviceSelector: Lint = {
  id: 'service-selector',
  title: 'a rule selects pods by labels that their Service does not select by',
  source:
    'amazon-network-policy-controller-k8s #224, PR #252: a Service is admitted by its own selector only',
  severity: 'warning',
  *check(context, policy) {
    const { dialect, model } = context;
    if (dialect.egressSeesServices !== 'yes') return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      if (direction !== 'egress' || rule.action !== 'allow') continue;
      for (const peer of podPeers(rule)) {
        const pods = new Set(podsMatching(context, peer));
        const service = [...model.services()].find(
          (one) => !one.headless && isBehind(model.backends(one), pods) && !isNamed(policy.egress, one),
        );
        if (service === undefined) continue;
        const selector = Object.entries(service.selector ?? {}).map(([key, value]) => `${key}=${value}`);
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names ${shortPeerText(peer)}, but Service ${service.namespace}/${service.name} selects ${selector.join(',')}: ${dialect.enforcer} does not admit the Service by other labels.`,
          fix: `Select ${selector.join(',')}, or add an ipBlock for the address of the Service.`,
        };
      }
    }
  },
};

function isBehind(backends: readonly Pod[], pods: ReadonlySet<Pod>): boolean {
  return backends.length > 0 && backends.every((pod) => pods.has(pod));
}

/** Whether some peer of the policy is matched by the labels of the Service, or names an address. */
function isNamed(rules: readonly Rule[], { selector = {}, clusterIPs, ports: own }: Service): boolean {
  return rules.some(({ peers, ports }) =>
    peers === 'any'
      ? own.some(({ port, protocol }) => mayHold(ports, port, protocol))
      : peers.some((peer) =>
          peer.type === 'pods'
            ? matches(peer.pods, selector)
            : peer.type === 'cidr' && clusterIPs.some((ip) => peer.cidr.startsWith(ip)),
        ),
  );
}

/** Egress to the resolver's pods, where a cache on the node takes the lookups (ENF-36). */
export const dnsCache: Lint = {
  id: 'dns-cache',
  title: 'egress admits the pods of DNS, but not the cache on the node',
  source: 'Kubernetes docs, "Using NodeLocal DNSCache": it listens on the host network, at 169.254.20.10',
  severity: 'warning',
  *check(context, policy) {
    const { engine, model } = context;
    if (policy.tier !== 'normal' || !hasDnsCache(model)) return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const isForDns = rule.ports !== 'any' && mayHold(rule.ports, 53, 'UDP') && rule.peers !== 'any';
      if (direction !== 'egress' || rule.action !== 'allow' || !isForDns) continue;
      const to = { type: 'ip', ip: DNS_CACHE } as const;
      const mute = context
        .selected(policy)
        .find(
          (pod) =>
            engine.decide({ from: { type: 'pod', pod }, to, port: 53, protocol: 'UDP' }).egress.verdict ===
            'deny',
        );
      if (mute === undefined) continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} admits DNS, but node-local-dns answers on the node of ${mute.name}, at ${DNS_CACHE}, which no rule admits.`,
        fix: `Admit UDP and TCP port 53 to ${DNS_CACHE}/32 and to the address of Service kube-dns as well.`,
      };
    }
  },
};

/** One family of addresses admitted whole, while the pods have the other one too (NP-33). */
export const oneFamily: Lint = {
  id: 'one-family',
  title: 'all addresses of one family are admitted, and none of the other',
  source: 'Kubernetes API, IPBlock.cidr: 0.0.0.0/0 holds no IPv6 address; docs, "IPv4/IPv6 dual-stack"',
  severity: 'info',
  *check(context, policy) {
    const isSix = (text: string) => text.includes(':');
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const blocks = rule.peers === 'any' ? [] : rule.peers.filter((peer) => peer.type === 'cidr');
      const wide = blocks.find(({ cidr }) => cidr.endsWith('/0'));
      if (wide === undefined || blocks.some(({ cidr }) => isSix(cidr) !== isSix(wide.cidr))) continue;
      const pod = context
        .selected(policy)
        .find(({ ips }) => ips.some((ip) => isSix(ip) !== isSix(wide.cidr)));
      if (pod === undefined) continue;
      const other = isSix(wide.cidr) ? '0.0.0.0/0' : '::/0';
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} names ${wide.cidr}, but ${pod.name} also has an address of the other family, which it does not hold.`,
        fix: `Add an ipBlock for ${other}, if that is meant too.`,
      };
    }
  },
};

/** Every address, which on some enforcers holds the pods of the cluster and on others none (NP-22, CIL-11). */
export const enforcersDiffer: Lint = {
  id: 'enforcers-differ',
  title: 'an ipBlock for every address matches pods on some enforcers only',
  source:
    'Kubernetes docs, Network Policies, ipBlock; cilium #9209: 0.0.0.0/0 matches no pod; calico #6634: it does',
  severity: 'info',
  *check(context, policy) {
    if (context.dialect.enforcer !== 'spec' || policy.kind !== 'NetworkPolicy') return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const wide =
        rule.peers === 'any'
          ? undefined
          : rule.peers.find((peer) => peer.type === 'cidr' && peer.cidr.endsWith('/0'));
      if (wide === undefined || (rule.peers !== 'any' && rule.peers.some(({ type }) => type === 'pods')))
        continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} names ${shortPeerText(wide)}: Calico also matches pods by it, Cilium matches none.`,
        fix: 'Name your enforcer with --enforcer; add a peer of pods, or an except for their addresses, to have the same everywhere.',
      };
    }
  },
};
