import type { Pod } from '../../../cluster/objects.ts';
import { clusterPort, ownPort } from '../../cilium/named-ports.ts';
import type { Policy, PortMatch } from '../../policy.ts';
import {
  type Lint,
  type LintContext,
  type PlacedRule,
  placedRules,
  podPeers,
  podsMatching,
} from '../context.ts';

type Named = PortMatch & { readonly type: 'named' };

/** A port name that no pod it could mean declares (facts/policy.md §1 rule 25, §2a.13). */
export const namedPortUndeclared: Lint = {
  id: 'named-port-undeclared',
  title: 'a named port is declared by no pod',
  source: 'Kubernetes API, NetworkPolicyPort.port: a name refers to a port of the pod',
  severity: 'warning',
  *check(context, policy) {
    for (const placed of placedRules(context.dialect, policy)) {
      const names =
        placed.rule.ports === 'any' ? [] : placed.rule.ports.filter((port) => port.type === 'named');
      for (const [name, ports] of Map.groupBy(names, (port) => port.name)) {
        const pods = destinations(context, policy, placed);
        if (pods === undefined || pods.length === 0) continue;
        if (ports.some((port) => isDeclared(context, placed, port, pods))) continue;
        const protocol = ports.length === 1 ? ` of ${ports[0]?.protocol}` : '';
        yield {
          direction: placed.direction,
          ruleIndex: placed.index,
          text: `Rule ${placed.index + 1} names the port ${name}, and none of the ${pods.length === 1 ? 'pods it means' : `${pods.length} pods it means`} declares a port${protocol} of that name.`,
          fix: 'Write the number, or declare the name on the container of the destination.',
        };
      }
    }
  },
};

/** Pods that own the port: the policy's own for ingress, the peers for egress; undefined when anybody may. */
function destinations(
  context: LintContext,
  policy: Policy,
  { direction, rule }: PlacedRule,
): readonly Pod[] | undefined {
  if (direction === 'ingress') return context.selected(policy);
  if (rule.peers === 'any' || rule.peers.some(({ type }) => type !== 'pods')) return undefined;
  return podPeers(rule).flatMap((peer) => podsMatching(context, peer));
}

function isDeclared(
  { model, dialect }: LintContext,
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
    return clusterPort(model, port.name, port.protocol) !== 'none';
  }
  return pods.some((pod) => ownPort(pod, port.name, port.protocol) !== undefined);
}
