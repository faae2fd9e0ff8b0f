import type { Pod, Protocol, Service } from '../../cluster/cluster.ts';
import type { Policy, PortMatch } from '../model/model.ts';
import { targetsOf } from '../path/path.ts';
import {
  type Lint,
  type LintContext,
  type PlacedRule,
  placedRules,
  podPeers,
  podsMatching,
} from './context.ts';
import { isOneAddress, mayHold } from './cover.ts';

/** A rule with the port of a Service, where the pods behind it listen on another one (NP-27). */
export const servicePort: Lint = {
  id: 'service-port',
  title: 'a rule names the port of a Service, not of its pods',
  source: 'Kubernetes docs, Service: targetPort; policies apply after the address of a Service is replaced',
  severity: 'warning',
  *check(context, policy) {
    if (context.dialect.egressSeesServices === 'yes') return;
    const services = [...context.model.services()].filter(({ headless }) => !headless);
    for (const placed of placedRules(context, policy)) {
      const { direction, index, rule } = placed;
      if (rule.action !== 'allow' || rule.ports === 'any') continue;
      const pods = new Set(destinationsOf(context, policy, placed));
      for (const { port, protocol } of numbersOf(rule.ports)) {
        const found = services
          .map((service) => ({ service, ports: listeningBehind(context, service, pods, port, protocol) }))
          .find(
            ({ ports }) => ports.length > 0 && !ports.some((number) => mayHold(rule.ports, number, protocol)),
          );
        if (found === undefined) continue;
        const { service, ports } = found;
        const listed = `${protocol.toLowerCase()} ${ports.join(', ')}`;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names ${protocol.toLowerCase()} ${port}: ${port} is the port of Service ${service.namespace}/${service.name}, its pods listen on ${listed}.`,
          fix: `Name ${listed}: policies see the port of the pod, not that of the Service.`,
        };
      }
    }
  },
};

/** The pods that a rule admits connections to. */
function destinationsOf(
  context: LintContext,
  policy: Policy,
  { direction, rule }: PlacedRule,
): readonly Pod[] {
  if (direction === 'ingress') return context.selected(policy);
  if (rule.peers === 'any') return [...context.model.pods()];
  return podPeers(rule).flatMap((peer) => podsMatching(context, peer));
}

type Numbered = { readonly port: number; readonly protocol: Protocol };

function numbersOf(ports: readonly PortMatch[]): readonly Numbered[] {
  return ports.flatMap((item) =>
    item.type === 'range' && item.from === item.to ? [{ port: item.from, protocol: item.protocol }] : [],
  );
}

/** Where the pods of a Service listen for one of its ports; empty if it leads to other pods, or one has that port too. */
function listeningBehind(
  { model }: LintContext,
  service: Service,
  pods: ReadonlySet<Pod>,
  port: number,
  protocol: Protocol,
): readonly number[] {
  const targets = targetsOf(model, service, { port, protocol });
  const isOther = targets.every(
    ({ pod, port: number }) =>
      pods.has(pod) &&
      number !== port &&
      !pod.ports.some((declared) => declared.port === port && declared.protocol === protocol),
  );
  return isOther ? [...new Set(targets.map((target) => target.port))] : [];
}

/** A range of one address that belongs to a Service, or to a node where the enforcer matches none by address. */
export const serviceAddress: Lint = {
  id: 'service-address',
  title: 'an ipBlock is the address of a Service or a node',
  source:
    'Kubernetes docs, Network Policies: ipBlock and rewritten addresses; Cilium docs, policy-cidr-match-mode',
  severity: 'warning',
  *check(context, policy) {
    const { model, dialect } = context;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of rule.peers === 'any' ? [] : rule.peers) {
        if (peer.type !== 'cidr' || !isOneAddress(peer.cidr)) continue;
        const ip = peer.cidr.replace(/\/\d+$/, '');
        const service = model.serviceAt(ip);
        const node = model.nodeAt(ip);
        if (service !== undefined && dialect.egressSeesServices !== 'yes') {
          yield {
            direction,
            ruleIndex: index,
            text: `Rule ${index + 1} names ${ip}, the address of Service ${service.namespace}/${service.name}: policies see the addresses behind it.`,
            fix: 'Select its pods, or name the addresses and ports of its endpoints.',
          };
        } else if (node !== undefined && dialect.identityLabels && !dialect.cidrMatchesNodes) {
          yield {
            direction,
            ruleIndex: index,
            text: `Rule ${index + 1} names ${ip}, the address of node ${node.name}: ${dialect.enforcer} matches no node by its address.`,
            fix: 'Use a CiliumNetworkPolicy with the entity kube-apiserver, host or remote-node, or set policy-cidr-match-mode to nodes.',
          };
        }
      }
    }
  },
};
