import type { Pod } from '../../cluster/cluster.ts';
import { ownPort } from '../cilium/cilium.ts';
import type { Policy, PortMatch } from '../model/model.ts';
import {
  isInSight,
  type Lint,
  type LintContext,
  type PlacedRule,
  placedRules,
  podPeers,
  podsMatching,
} from './context.ts';
import type { Flaw } from './finding.ts';

type Named = PortMatch & { readonly type: 'named' };

/** A port name that none of the possible pods declares (NP-25, CIL-17). */
export const namedPortUndeclared: Lint = {
  id: 'named-port-undeclared',
  title: 'no pod declares a named port',
  source: 'Kubernetes API, NetworkPolicyPort.port: a name refers to a port of the pod',
  severity: 'warning',
  *check(context, policy) {
    for (const placed of placedRules(context, policy)) {
      const names =
        placed.rule.ports === 'any' ? [] : placed.rule.ports.filter((port) => port.type === 'named');
      for (const [name, ports] of Map.groupBy(names, (port) => port.name)) {
        const pods = destinations(context, policy, placed);
        if (pods === undefined || pods.length === 0) continue;
        if (ports.some((port) => isDeclared(context, placed, port, pods))) continue;
        yield { direction: placed.direction, ruleIndex: placed.index, ...flawOf(placed, name, ports, pods) };
      }
    }
  },
};

/** Mentions a declaration of the name with another protocol: the default is TCP. */
function flawOf({ index }: PlacedRule, name: string, ports: readonly Named[], pods: readonly Pod[]): Flaw {
  const [protocol, ...others] = ports.map((port) => port.protocol);
  const asked = others.length === 0 ? `${protocol?.toLowerCase()} port` : 'port';
  const who =
    pods.length === 1
      ? `${pods[0]?.name} declares no`
      : `none of the ${pods.length} pods it applies to declares a`;
  const [pod, other] = pods
    .flatMap((one) => one.ports.map((port) => [one, port] as const))
    .find(([, port]) => port.name === name) ?? [undefined, undefined];
  return {
    text: `Rule ${index + 1} names the port ${name}, but ${who} ${asked} of that name${
      other === undefined ? '' : `; ${pod.name} declares it as ${other.protocol.toLowerCase()} ${other.port}`
    }.`,
    fix:
      other === undefined
        ? 'Use the number, or declare the name on the destination container.'
        : `Add protocol: ${other.protocol} to the port.`,
  };
}

/** Pods that own the port: the policy's own for ingress, the peers for egress; undefined when it may be anyone. */
function destinations(
  context: LintContext,
  policy: Policy,
  { direction, rule }: PlacedRule,
): readonly Pod[] | undefined {
  if (direction === 'ingress') return context.selected(policy);
  if (rule.peers === 'any' || rule.peers.some(({ type }) => type !== 'pods')) return undefined;
  if (!podPeers(rule).every((peer) => isInSight(context, peer))) return undefined;
  return podPeers(rule).flatMap((peer) => podsMatching(context, peer));
}

function isDeclared(
  { dialect, world }: LintContext,
  { direction }: PlacedRule,
  port: Named,
  pods: readonly Pod[],
): boolean {
  if (!dialect.identityLabels) {
    return pods.some((pod) =>
      pod.ports.some((item) => item.name === port.name && item.protocol === port.protocol),
    );
  }
  if (direction === 'egress' && dialect.namedEgressPorts === 'cluster') {
    return world.matching.clusterPort(port.name, port.protocol) !== 'none';
  }
  return pods.some((pod) => ownPort(pod, port.name, port.protocol) !== undefined);
}

/** A name with two different numbers makes an egress rule match nothing on Cilium 1.19 (CIL-17). */
export const namedPortAmbiguous: Lint = {
  id: 'named-port-ambiguous',
  title: 'a port name in an egress rule maps to several numbers',
  source:
    'Cilium policy engine 1.19: names of egress ports are looked up over all pods; 1.20 looks at each destination',
  severity: 'error',
  *check(context, policy) {
    const { dialect, world } = context;
    if (dialect.namedEgressPorts !== 'cluster') return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      if (direction !== 'egress' || rule.ports === 'any') continue;
      for (const port of rule.ports) {
        if (port.type !== 'named' || world.matching.clusterPort(port.name, port.protocol) !== 'several')
          continue;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names the port ${port.name}, which pods in this cluster declare with different numbers: it matches nothing here.`,
          fix: 'Use the number instead of the name.',
        };
      }
    }
  },
};
