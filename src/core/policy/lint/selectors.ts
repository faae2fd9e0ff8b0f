import { isLive, matches, type WorkloadRef } from '../../cluster/cluster.ts';
import { plural } from '../../common/common.ts';
import { peerText, selectorText, shortPeerText } from '../explain/explain.ts';
import type { EnforcerName, Tristate } from '../match/match.ts';
import type { Peer, PodMatch, Policy, Rule } from '../model/model.ts';
import {
  isInSight,
  type Lint,
  type LintContext,
  makersText,
  namesIn,
  namespacesMatching,
  placedRules,
  podPeers,
  podsMatching,
} from './context.ts';
import type { Flaw, Severity } from './finding.ts';
import { nearestLabel, nearestName } from './near.ts';

/**
 * A policy whose selector matches no pod that policies apply to (NP-2, NP-5, NP-29, NP-32). Finished pods count as
 * present: those of a CronJob come back.
 */
export const selectsNothing: Lint = {
  id: 'selects-nothing',
  title: 'the policy selects no pods',
  source: 'Kubernetes API, NetworkPolicySpec.podSelector: a policy applies to the pods that it selects',
  severity: 'warning',
  *check(context, policy) {
    if (context.selected(policy).length > 0) return;
    for (const { subject } of context.world.matching.readings(policy)) {
      if (!isInSight(context, subject)) continue;
      if (podsMatching(context, subject, { finished: true }).some((pod) => !isLive(pod))) continue;
      yield flawOf(context, policy, subject);
    }
  },
};

function flawOf(context: LintContext, policy: Policy, subject: PodMatch): Flaw {
  const where = policy.namespace === undefined ? 'the cluster' : `namespace ${policy.namespace}`;
  const hosts = podsMatching(context, { ...subject, notOnHost: false }).length;
  if (hosts > 0) {
    return {
      text: `It selects only host-network pods (${hosts}), and policies do not apply to those.`,
      fix: 'Use a host firewall for such pods, or move them off the host network.',
    };
  }
  const { pods } = subject;
  if (pods.length === 0) {
    return {
      severity: 'info',
      text: `It selects every pod in ${where}, but there are none.`,
      fix: 'Keep it for future pods, or delete it.',
    };
  }
  const near = nearestLabel(context, subject);
  const owner = ownerWith(context, subject);
  const places =
    policy.namespace === undefined || policy.kind !== 'NetworkPolicy' ? [] : placesOf(context, pods);
  if (owner === undefined && places.length > 0 && places.length <= 3) {
    return {
      text: `It selects ${selectorText(pods)}, but such pods run only in ${places.join(' and ')}, and a policy selects pods of its own namespace.`,
      fix: `Create it in ${places.join(' or ')}, or fix the selector.`,
    };
  }
  const makers = near === undefined && owner === undefined ? makersText(context) : '';
  return {
    ...(makers === '' ? {} : { severity: 'info' }),
    text: `It selects ${selectorText(pods)}, but no running pod in ${where} matches${
      owner === undefined ? (near === undefined ? makers : `; there is ${near}`) : `; ${ownerText(owner)}`
    }.`,
    fix:
      owner === undefined
        ? 'Fix the selector, or delete the policy if its pods are gone for good.'
        : 'Add the label to its pod template, or select a label that the template has.',
  };
}

/** The namespaces that have pods with these labels. */
function placesOf(context: LintContext, pods: PodMatch['pods']): readonly string[] {
  const found = podsMatching(context, { namespaces: { by: 'labels', selector: [] }, pods });
  return [...new Set(found.map(({ namespace }) => namespace))];
}

/** A workload that has the labels itself, while its pods have not (API-16). */
function ownerWith(context: LintContext, match: PodMatch): WorkloadRef | undefined {
  if (match.pods.length === 0) return undefined;
  return namespacesMatching(context.model, context.world, match)
    .flatMap((namespace) => context.model.podsIn(namespace))
    .find(({ ownerLabels }) => ownerLabels !== undefined && matches(match.pods, ownerLabels))?.owner;
}

function ownerText({ kind, name }: WorkloadRef): string {
  return `${kind} ${name} has these labels itself, but not its pod template`;
}

/**
 * A peer that currently matches no pod (NP-15 to NP-20). Finished pods count as present: those of a CronJob come back.
 * With only part of a cluster visible, only certain mistakes are reported.
 */
export const peerMatchesNothing: Lint = {
  id: 'peer-matches-nothing',
  title: 'a peer matches no pods',
  source: 'Kubernetes API, NetworkPolicyPeer: a peer stands for the pods that its selectors match',
  severity: 'warning',
  *check(context, policy) {
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of podPeers(rule)) {
        const [first] = podsMatching(context, peer, { first: true, finished: true });
        if (first?.hostNetwork === false || isHostNamespace(context, peer)) continue;
        const onHost = onHostOnly(context, peer);
        if (first !== undefined && onHost === undefined) continue;
        const reason =
          onHost ?? (isInSight(context, peer) ? reasonOf(context, peer) : missingNamespace(context, peer));
        if (reason === undefined) continue;
        const { why, ...more } = reason;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names ${shortPeerText(peer)}, but ${why}.`,
          ...more,
        };
      }
    }
  },
};

/** As which OpenShift counts the host network: it has no pods of its own (ENF-34). */
const HOST_NAMESPACES = ['openshift-host-network', 'ovn-host-network'];

function isHostNamespace({ model, world }: LintContext, peer: PodMatch): boolean {
  if (peer.pods.length > 0) return false;
  const reached = namespacesMatching(model, world, peer);
  return reached.length > 0 && reached.every((name) => HOST_NAMESPACES.includes(name));
}

/** Pods on the host network alone, where no selector is sure to match them (NP-29). */
function onHostOnly(context: LintContext, peer: PodMatch): Reason | undefined {
  const pods = podsMatching(context, { ...peer, notOnHost: false });
  if (peer.notOnHost === true || pods.length === 0 || !pods.every(({ hostNetwork }) => hostNetwork))
    return undefined;
  const { enforcer } = context.dialect;
  return {
    why: `only host-network pods match (${pods.length}), and ${enforcer === 'spec' ? 'selectors need not match those' : `${enforcer} may see their nodes instead`}`,
    fix: 'Admit the addresses of their nodes, or on Cilium the entities host and remote-node.',
  };
}

type Reason = { readonly why: string; readonly fix: string; readonly severity?: Severity };

function reasonOf(context: LintContext, peer: PodMatch): Reason {
  const reached = namespacesMatching(context.model, context.world, peer);
  if (reached.length === 0) {
    return {
      why: 'no namespace has those labels',
      fix: 'Fix the namespaceSelector, or label the namespace.',
    };
  }
  const elsewhere = podsMatching(context, { ...peer, namespaces: { by: 'labels', selector: [] } });
  const places = [...new Set(elsewhere.map(({ namespace }) => namespace))];
  if (peer.pods.length > 0 && places.length > 0 && places.length <= 3) {
    return {
      why: `such pods run only in ${places.join(' and ')}`,
      fix: `Select that namespace in the peer, or remove the peer.`,
    };
  }
  const where = reached.length === 1 ? reached[0] : `those ${reached.length} namespaces`;
  const owner = ownerWith(context, peer);
  if (owner !== undefined) {
    return {
      why: `no running pod in ${where} matches; ${ownerText(owner)}`,
      fix: 'Add the label to its pod template, or select a label that the template has.',
    };
  }
  const near = nearestLabel(context, peer);
  const makers = near === undefined ? makersText(context) : '';
  const isWide = reached.length > 1 && near === undefined;
  return {
    why: `no running pod in ${where} matches${near === undefined ? makers : `; there is ${near}`}`,
    fix: 'Fix the selector, or remove the peer if it is obsolete.',
    ...(isWide || makers !== '' ? { severity: 'info' } : {}),
  };
}

/** A namespace that is not visible may well exist, unless its name looks like a typo. */
function missingNamespace({ model }: LintContext, { namespaces }: PodMatch): Reason | undefined {
  const [name, ...others] = namespaces.by === 'labels' ? namesIn(namespaces.selector) : [];
  if (name === undefined || others.length > 0 || model.namespace(name) !== undefined) return undefined;
  const near = nearestName(
    name,
    Array.from(model.namespaces(), (item) => item.name),
  );
  if (near === undefined) return undefined;
  return { why: `there is no namespace ${name} here, only ${near}`, fix: `Use ${near} if that is intended.` };
}

/**
 * A rule without any peer or port that could match (CIL-4, CIL-5, ANP-10). An empty rule that is the only one in its
 * section is how Cilium's documentation writes a default deny: not reported.
 */
export const ruleMatchesNothing: Lint = {
  id: 'rule-matches-nothing',
  title: 'a rule that can match nothing',
  source: 'Cilium policy engine 1.19: an empty rule, an empty peer list and empty ports select nothing',
  severity: 'warning',
  *check(context, policy) {
    for (const { direction, index, rule, reading } of placedRules(context, policy)) {
      if (isDefaultDeny(rule, reading[direction])) continue;
      const what = rule.peers !== 'any' && rule.peers.length === 0 ? 'peer' : undefined;
      const ports = rule.ports !== 'any' && rule.ports.length === 0 ? 'port' : undefined;
      const missing = what ?? ports;
      if (missing === undefined) continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} names no ${missing} that could match, so it ${rule.action === 'deny' ? 'denies' : 'admits'} nothing.`,
        fix:
          missing === 'peer'
            ? 'Add a peer; to match every peer in Cilium, use fromEntities or toEntities: [all].'
            : 'Add a port, or omit ports to match every port.',
      };
    }
  },
};

function isDefaultDeny(rule: Rule, rules: readonly Rule[]): boolean {
  const { action, peers, ports, at } = rule;
  const isBare = action === 'allow' && peers !== 'any' && peers.length === 0 && ports === 'any';
  return isBare && at !== undefined && rules.every((other) => other === rule || other.action === 'deny');
}

/** A range that contains pod addresses, unless it contains everything (NP-22). */
export const ipBlockForPods: Lint = {
  id: 'ipblock-for-pods',
  title: 'an IP range is used for pods',
  source:
    'Kubernetes docs, Network Policies: ipBlock is for cluster-external IPs, pod IPs are ephemeral; Cilium #9209',
  severity: 'warning',
  *check(context, policy) {
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of rule.peers === 'any' ? [] : rule.peers) {
        if (peer.type !== 'cidr' || peer.reachesPods === true || peer.cidr.endsWith('/0')) continue;
        const count = context.podAddresses.inside(peer);
        if (count === 0) continue;
        const { ipBlockMatchesPods, enforcer } = context.dialect;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names ${peer.cidr}, which contains the addresses of ${plural(count, 'pod')}${EFFECTS[ipBlockMatchesPods](enforcer)}`,
          fix: 'Select pods with podSelector and namespaceSelector; use IP ranges only for addresses outside the cluster.',
        };
      }
    }
  },
};

const EFFECTS: Readonly<Record<Tristate, (enforcer: EnforcerName) => string>> = {
  yes: () => ': after a restart, other pods will have those addresses.',
  no: (enforcer) => `, but ${enforcer} never matches pods by address.`,
  unknown: (enforcer) => `, but whether ${enforcer} matches pods by address is unknown.`,
};

type PodsPeer = Peer & { readonly type: 'pods' };

/**
 * Two items, one for namespaces and one for pods, where a single item was probably intended (NP-17). Pods that run only
 * in the policy's namespace, and not in those, are intended as a separate peer: not reported.
 */
export const oneDash: Lint = {
  id: 'one-dash',
  title: 'namespaceSelector and podSelector as two peers where one may be intended',
  source: 'Kubernetes docs, Network Policies, "Behavior of to and from selectors"',
  severity: 'warning',
  *check(context, policy) {
    if (policy.kind !== 'NetworkPolicy') return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const peers = rule.peers === 'any' ? [] : rule.peers;
      for (const [at, peer] of peers.entries()) {
        const pair = [peer, peers[at + 1]];
        const namespaces = pair.find(isNamespacesOnly);
        const pods = pair.find(isPodsOnly);
        if (namespaces === undefined || pods === undefined) continue;
        const severity = severityOf(context, namespaces, pods, policy.namespace ?? '');
        if (severity === undefined) continue;
        yield {
          direction,
          ruleIndex: index,
          severity,
          text: `Rule ${index + 1} admits ${peerText(namespaces)} and also ${peerText(pods)} in ${policy.namespace}: they are two list items, and matching either is enough.`,
          fix: 'To match only those pods in those namespaces, put podSelector in the same list item as namespaceSelector.',
        };
      }
    }
  },
};

/** Undefined where two items make sense; `info` where both readings do. */
function severityOf(
  context: LintContext,
  namespaces: PodsPeer,
  pods: PodsPeer,
  home: string,
): Severity | undefined {
  const { model, world } = context;
  if (namespacesMatching(model, world, namespaces).includes(home)) return 'warning';
  if (podsMatching(context, pods, { first: true }).length === 0) return 'warning';
  if (!isInSight(context, namespaces)) return undefined;
  const both = { ...pods, namespaces: namespaces.namespaces };
  return podsMatching(context, both, { first: true }).length > 0 ? 'info' : undefined;
}

function isNamespacesOnly(peer: Peer | undefined): peer is PodsPeer {
  return peer?.type === 'pods' && peer.namespaces.by === 'labels' && peer.pods.length === 0;
}

function isPodsOnly(peer: Peer | undefined): peer is PodsPeer {
  return peer?.type === 'pods' && peer.namespaces.by === 'name' && peer.pods.length > 0;
}
