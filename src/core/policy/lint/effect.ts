import type { Pod } from '../../cluster/cluster.ts';
import { plural } from '../../common/common.ts';
import { enforces } from '../match/match.ts';
import type { End, Peer, Policy, Rule } from '../model/model.ts';
import { clusterDns } from '../path/path.ts';
import { type Lint, type LintContext, namesIn, placedRules } from './context.ts';
import { isOneAddress, mayHold, rulesMeet } from './cover.ts';
import { shadowedRule } from './shadowed-rule.ts';

/**
 * A policy that could be deleted without any effect (NP-2, NP-4). A default deny is there for future pods: only another
 * default deny makes it redundant.
 */
export const noEffect: Lint = {
  id: 'no-effect',
  title: 'the policy is redundant',
  source: 'Kubernetes docs, Network Policies: policies do not conflict, they are additive',
  severity: 'info',
  *check(context, policy) {
    const pods = context.selected(policy);
    if (pods.length === 0 || policy.tier !== 'normal' || policy.parts !== undefined) return;
    const rules = [...placedRules(context, policy)];
    const told = new Set(
      [...shadowedRule.check(context, policy)].map(({ direction, ruleIndex }) => `${direction} ${ruleIndex}`),
    );
    if (!rules.every(({ direction, index }) => told.has(`${direction} ${index}`))) return;
    const [reading] = context.world.matching.readings(policy);
    const others = pods.map((pod) =>
      context.engine
        .policiesOn(pod)
        .filter((other) => other !== policy && other.tier === 'normal' && outlasts(other, policy)),
    );
    const isolated = (['ingress', 'egress'] as const).every(
      (direction) =>
        reading?.isolates[direction] !== true ||
        others.every((list) =>
          list.some((other) =>
            context.world.matching.readings(other).some(({ isolates }) => isolates[direction]),
          ),
        ),
    );
    if (!isolated) return;
    yield {
      text: 'Other policies isolate the same pods and admit everything that it admits.',
      fix: 'Delete it, unless it is for future pods or the other policies will be removed.',
    };
  },
};

/**
 * Whether the other policy can replace this one. Of two without rules, the one that selects more, else the first by
 * name; one with rules is only as permanent as what it admits.
 */
function outlasts(other: Policy, policy: Policy): boolean {
  if (!isBare(policy)) return true;
  if (!isBare(other) || other.parts !== undefined) return false;
  const [wide, narrow] = [other.subject.pods.length, policy.subject.pods.length];
  return wide === narrow ? other.name < policy.name : wide < narrow;
}

function isBare({ ingress, egress }: Policy): boolean {
  return ingress.length + egress.length === 0;
}

/** A kind that has no effect here, or only with a certain version or flag (ENF-1, NP-35, ANP-12). */
export const notEnforced: Lint = {
  id: 'not-enforced',
  title: 'nothing here enforces the policy',
  source:
    'network-policy-api, implementations.md (2026-04); Kubernetes docs: a policy without an enforcing plugin has no effect',
  severity: 'error',
  *check({ dialect }, policy) {
    const { enforcer } = dialect;
    if (enforcer === 'none') {
      yield {
        text: 'No known policy enforcer in this cluster.',
        fix: 'Install a network plugin that enforces them, or specify it with --enforcer.',
      };
      return;
    }
    const answer = enforces(dialect, policy.kind);
    if (answer === 'yes') return;
    const who = enforcer === 'unknown' ? 'the unknown enforcer' : enforcer;
    yield answer === 'no'
      ? {
          text: `${who} does not enforce ${policy.kind}.`,
          fix: 'Rewrite it as a kind that is enforced here, or delete it.',
        }
      : {
          severity: 'info' as const,
          text: `Whether ${who} enforces ${policy.kind} depends on its version and flags.`,
          fix: 'Check its version and flags before relying on the policy.',
        };
  },
};

/** policyTypes is omitted and its default is not what the sections suggest (NP-7, NP-9, NP-10). */
export const policyTypesDefault: Lint = {
  id: 'policy-types-default',
  title: 'policyTypes is not set',
  source:
    'Kubernetes API, NetworkPolicySpec.policyTypes: Ingress always, Egress only where there is an egress rule',
  severity: 'warning',
  *check(_context, policy) {
    const omitted = policy.omittedFields?.find(({ field }) => field === 'policyTypes');
    if (omitted?.field !== 'policyTypes') return;
    if (policy.egress.length > 0 && policy.ingress.length === 0) {
      yield {
        direction: 'ingress',
        text: 'It has only egress rules, so without policyTypes it also denies all ingress.',
        fix: 'Set policyTypes: [Egress], or [Ingress, Egress] if that is intended.',
      };
    } else if (omitted.emptySections.includes('egress')) {
      yield {
        direction: 'egress',
        text: 'Its egress is empty, so without policyTypes egress is not restricted at all.',
        fix: 'Set policyTypes: [Ingress, Egress] to deny egress, or remove egress.',
      };
    } else if (policy.ingress.length === 0) {
      yield {
        direction: 'ingress',
        severity: 'info',
        text: 'It has no rules and no policyTypes, so it denies all ingress and nothing else.',
        fix: 'Set policyTypes: [Ingress] to make that explicit.',
      };
    }
  },
};

/** Two policies of equal tier and priority that may disagree: their order is undefined (ANP-2). */
export const priorityTie: Lint = {
  id: 'priority-tie',
  title: 'policies with the same priority overlap with different actions',
  source: 'network-policy-api, AdminNetworkPolicySpec.priority: the order of equal priorities is undefined',
  severity: 'error',
  *check(context, policy) {
    if (policy.tier === 'normal') return;
    const own = new Set(context.selected(policy));
    for (const other of context.engine.policies()) {
      if (other === policy || other.tier !== policy.tier || other.priority !== policy.priority) continue;
      if (other.inert === true || !context.selected(other).some((pod) => own.has(pod))) continue;
      const clash = [...placedRules(context, policy)].find((mine) =>
        [...placedRules(context, other)].some(
          (theirs) =>
            theirs.direction === mine.direction &&
            theirs.rule.action !== mine.rule.action &&
            rulesMeet(mine.rule, theirs.rule),
        ),
      );
      if (clash === undefined) continue;
      yield {
        direction: clash.direction,
        ruleIndex: clash.index,
        text: `Rule ${clash.index + 1} and ${other.kind} ${other.name} both have priority ${policy.priority} and select the same pods, but their actions differ: which one wins is undefined.`,
        fix: 'Change the priority of one of them.',
      };
    }
  },
};

/** Rules for a direction that policyTypes omits (NP-8, CIL-21). */
export const unlistedSection: Lint = {
  id: 'unlisted-section',
  title: 'policyTypes omits a direction that has rules',
  source: 'Kubernetes API, NetworkPolicySpec.policyTypes; Cilium applies both sections anyway',
  severity: 'error',
  *check({ dialect }, { unlisted }) {
    for (const direction of ['ingress', 'egress'] as const) {
      const count = unlisted?.[direction].length ?? 0;
      if (count === 0) continue;
      const type = direction === 'ingress' ? 'Ingress' : 'Egress';
      const rules = plural(count, `${direction} rule`);
      yield {
        direction,
        text: dialect.appliesUnlisted
          ? `policyTypes does not list ${type}, and ${dialect.enforcer} applies its ${rules} anyway; other enforcers do not.`
          : `policyTypes does not list ${type}, which disables its ${rules}.`,
        fix: `Add ${type} to policyTypes, or remove the ${direction} section.`,
      };
    }
  },
};

/** An object that is rejected, or readable only in part (NP-23, CIL-14, ANP-10). */
export const invalid: Lint = {
  id: 'invalid',
  title: 'the policy is invalid or only partly valid',
  source: 'Cilium, pkg/policy/api/rule_validation.go and status.conditions[Valid]; Kubernetes API validation',
  severity: 'error',
  *check(_context, policy) {
    const isWarning = policy.inert !== true && policy.kind.startsWith('Cilium');
    if (isWarning) return;
    for (const problem of policy.problems) {
      yield {
        text:
          policy.inert === true ? `It has no effect: ${problem}.` : `It is only partly valid: ${problem}.`,
        fix: 'Fix it and apply it again; until then it cannot be relied on.',
      };
    }
  },
};

/** Egress that is shut by a policy about something else: policyTypes lists it, and no rule follows (NP-9, NP-10). */
export const egressShut: Lint = {
  id: 'egress-shut',
  title: 'policyTypes lists Egress, but no egress rule follows',
  source: 'Kubernetes API, NetworkPolicySpec.egress: a policy with that type and no rule admits nothing',
  severity: 'info',
  *check(_context, policy) {
    const { isolates, ingress, egress } = policy;
    if (policy.kind !== 'NetworkPolicy' || !isolates.egress || egress.length + ingress.length === 0) return;
    if (egress.length > 0) return;
    yield {
      direction: 'egress',
      text: 'It has ingress rules and lists Egress in policyTypes without a rule: by it, its pods may connect to nobody, not even to DNS.',
      fix: 'Remove Egress from policyTypes, or add egress rules; if it is meant, a policy of its own says so.',
    };
  },
};

/**
 * Egress rules that let pods talk to peers without being able to resolve their names (NP-36). Pods that may talk to no
 * one are intended, and pods that talk to single addresses resolve nothing.
 */
export const noDns: Lint = {
  id: 'no-dns',
  title: 'egress is isolated without access to DNS',
  source:
    'kubernetes/website #54997, inspektor-gadget #5338; RFC 1035: names resolve over UDP and TCP port 53',
  severity: 'warning',
  *check(context, policy) {
    if (policy.tier !== 'normal') return;
    const readings = context.world.matching.readings(policy);
    if (!readings.some(({ isolates, egress }) => isolates.egress && egress.some(needsNames))) return;
    const pods = context.selected(policy).filter((pod) => context.engine.isolation(pod).egress);
    const mute = pods.filter((pod) => !resolves(context, pod));
    const [first] = mute;
    if (first === undefined) return;
    const who = mute.length === 1 ? first.name : `${first.name} and ${mute.length - 1} more`;
    yield {
      direction: 'egress',
      text: opensTcpOnly(context, first)
        ? `It isolates the egress of ${who}, and port 53 is admitted for TCP alone: names will not resolve.`
        : `It isolates the egress of ${who}, but no policy admits DNS (udp 53): names will not resolve.`,
      fix: opensTcpOnly(context, first)
        ? 'Add protocol: UDP to a port 53: a port without a protocol is TCP.'
        : dnsFix(context),
    };
  },
};

/** Whether a rule has the port of DNS, but not the protocol: TCP is the default (NP-24). */
function opensTcpOnly(context: LintContext, pod: Pod): boolean {
  const ports = allowsOf(context, pod).flatMap((rule) => (rule.ports === 'any' ? [] : rule.ports));
  const has = (protocol: 'TCP' | 'UDP') =>
    ports.some((port) => port.type === 'range' && port.protocol === protocol && port.from === 53);
  return has('TCP') && !has('UDP');
}

/** The resolver by its pods and the port on which they listen, where it is in sight. */
function dnsFix(context: LintContext): string {
  const [resolver] = clusterDns(context.model);
  const { port } = resolver ?? { port: 53 };
  if (port === 53) {
    return "Admit UDP and TCP port 53 to the cluster's DNS (pods k8s-app=kube-dns in kube-system).";
  }
  const where = resolver === undefined ? '' : ` in ${resolver.pod.namespace}`;
  return `Admit UDP and TCP port ${port} to the cluster's DNS: its pods${where} listen on ${port}, not on 53.`;
}

/** Whether a rule admits an end that is usually reached by name. */
function needsNames({ action, peers }: Rule): boolean {
  if (action !== 'allow') return false;
  return peers === 'any' || peers.some((peer) => peer.type !== 'cidr' || !isOneAddress(peer.cidr));
}

function resolves(context: LintContext, pod: Pod): boolean {
  const resolvers = clusterDns(context.model);
  if (resolvers.length === 0) return allowsOf(context, pod).some(opensDnsPort);
  const from: End = { type: 'pod', pod };
  return resolvers.some(
    ({ pod: resolver, port, protocol }) =>
      context.engine.decide({ from, to: { type: 'pod', pod: resolver }, port, protocol }).egress.verdict !==
      'deny',
  );
}

/** If no resolver is known, a rule that opens the DNS port to whom it may be gets the benefit of the doubt. */
function opensDnsPort({ peers, ports }: Rule): boolean {
  if (ports === 'any') return peers === 'any' || peers.some(mayResolve);
  return mayHold(ports, 53, 'UDP');
}

/** Whether a peer that a rule admits on every port may be a resolver: not one in the policy's own namespace. */
function mayResolve(peer: Peer): boolean {
  if (peer.type === 'cidr') return !isOneAddress(peer.cidr);
  if (peer.type !== 'pods' || peer.identity === 'cilium') return true;
  if (peer.namespaces.by === 'name') return ['kube-system', 'openshift-dns'].includes(peer.namespaces.name);
  const names = namesIn(peer.namespaces.selector);
  return names.length === 0 || names.some((name) => /^kube-system$|dns/.test(name));
}

function allowsOf({ engine, world }: LintContext, pod: Pod): readonly Rule[] {
  return engine
    .policiesOn(pod)
    .flatMap((policy) => world.matching.readings(policy))
    .flatMap(({ egress }) => egress)
    .filter(({ action }) => action === 'allow');
}
