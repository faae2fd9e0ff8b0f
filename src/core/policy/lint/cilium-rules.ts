import type { Requirement, Selector } from '../../cluster/cluster.ts';
import { isIgnoredLabel, serviceStands } from '../cilium/cilium.ts';
import { shortPeerText } from '../explain/explain.ts';
import { type Lint, placedRules, podPeers } from './context.ts';
import type { Flaw } from './finding.ts';

/** Empty toFQDNs and toServices count as absent, and a toServices in a deny is never resolved (CIL-5, CIL-9). */
export const blankPeers: Lint = {
  id: 'blank-peers',
  title: 'an empty or unresolved peer list matches any peer',
  source:
    'Cilium policy engine 1.19: empty toServices and toFQDNs count as absent; egressDeny.toServices is not resolved',
  severity: 'error',
  *check(_context, { omittedFields = [] }) {
    for (const omitted of omittedFields) {
      if (omitted.field === 'policyTypes') continue;
      const { field, at, hasPorts } = omitted;
      const denies = at.section === 'egressDeny';
      const verb = denies ? 'denies' : 'admits';
      const what =
        field === 'toServices' && denies
          ? 'is never resolved in a deny rule'
          : 'is empty and counts as absent';
      yield {
        direction: 'egress',
        ruleIndex: at.index,
        text: `${field} of rule ${at.index + 1} (${at.section}) ${what}: the rule ${verb} ${
          hasPorts ? 'any peer on its ports' : 'nothing'
        }.`,
        fix: denies
          ? 'List the peers with toEndpoints or toCIDR.'
          : `List the intended peers in ${field}, or remove the rule.`,
      };
    }
  },
};

/** Fields at a place where the schema has none: the API server drops them, unless the client asked for an error (ENF-35). */
export const misplacedField: Lint = {
  id: 'misplaced-field',
  title: 'a field stands where the schema has none, and is dropped',
  source:
    'Kubernetes docs, Custom Resources, "Field pruning"; cilium #44396: toPorts indented into toEndpoints',
  severity: 'error',
  *check(_context, { misplacedFields = [] }) {
    for (const { at, field, belongsElsewhere } of misplacedFields) {
      yield {
        text: `${at} has the field ${field}, which does not exist there: it is dropped, and the rule is read without it.`,
        fix: belongsElsewhere
          ? `Move ${field} to the rule that it is for, beside its peers; check the indentation.`
          : SELECTORS.test(at)
            ? `Put it below matchLabels, if ${field} is a label.`
            : `Remove ${field}, or write the field that is meant.`,
      };
    }
  },
};

const SELECTORS = /Endpoints\[|Selector$|Nodes\[/;

/** Deny rules alone also put the pods in default deny (CIL-2). */
export const denyIsolates: Lint = {
  id: 'deny-isolates',
  title: 'deny rules alone also deny everything else',
  source: 'cilium #20914: a policy with only deny rules also switches default deny on',
  severity: 'warning',
  *check(context, policy) {
    if (!policy.kind.startsWith('Cilium')) return;
    const alone = (direction: 'ingress' | 'egress') =>
      context.selected(policy).some((pod) =>
        context.engine
          .policiesOn(pod)
          .filter(({ tier }) => tier === 'normal')
          .flatMap((other) => context.world.matching.readings(other))
          .every((reading) => reading[direction].every(({ action }) => action === 'deny')),
      );
    for (const reading of context.world.matching.readings(policy)) {
      for (const direction of ['ingress', 'egress'] as const) {
        const rules = reading[direction];
        if (!reading.isolates[direction] || rules.length === 0) continue;
        if (rules.some(({ action }) => action !== 'deny') || !alone(direction)) continue;
        yield {
          direction,
          text: `It has only deny rules for ${direction}, so everything else is denied as well.`,
          fix: `Set enableDefaultDeny: {${direction}: false}, or admit the intended traffic.`,
        };
      }
    }
  },
};

/** toFQDNs only knows what the DNS proxy saw, which requires a DNS rule (CIL-20). */
export const fqdnWithoutDnsRule: Lint = {
  id: 'fqdn-without-dns-rule',
  title: 'toFQDNs without a DNS rule',
  source: 'Cilium docs, layer3, "DNS based": a DNS proxy rule must see the lookups',
  severity: 'error',
  *check(context, policy) {
    const [pod] = context.selected(policy);
    if (pod === undefined) return;
    const proxied = context.engine.rulesOn(pod).some(({ l7 }) => l7 === 'dns');
    if (proxied) return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const named = rule.peers !== 'any' && rule.peers.some(({ type }) => type === 'domain');
      if (!named || policy.tier !== 'normal') continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} uses DNS names, but no policy on ${pod.name} has a DNS rule, so Cilium never learns their addresses.`,
        fix: 'Add an egress rule to the DNS pods with rules: {dns: [{matchPattern: "*"}]}.',
      };
    }
  },
};

/** A plain rule with the same peers and ports makes an L7 rule allow all requests (CIL-18). */
export const l7Widened: Lint = {
  id: 'l7-widened',
  title: 'a plain rule overrides an L7 rule',
  source:
    'Cilium, pkg/policy rule merging: an L4 allow of the same port and selector adds an allow-all L7 rule',
  severity: 'warning',
  *check(context, policy) {
    const [pod] = context.selected(policy);
    if (pod === undefined) return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      if (rule.l7 === undefined) continue;
      const reach = JSON.stringify([rule.peers, rule.ports]);
      const wide = context.engine
        .policiesOn(pod)
        .find(
          (other) =>
            other.kind === policy.kind &&
            [...placedRules(context, other)].some(
              (placed) =>
                placed.direction === direction &&
                placed.rule.action === 'allow' &&
                placed.rule.l7 === undefined &&
                JSON.stringify([placed.rule.peers, placed.rule.ports]) === reach,
            ),
        );
      if (wide === undefined) continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} restricts requests by ${rule.l7}, but ${wide.name} admits the same peers on the same ports without that: every request is allowed.`,
        fix: 'Remove the plain rule, or add the restriction there too.',
      };
    }
  },
};

/** toServices that matches nothing: with ports, the rule opens them to everyone (CIL-12). */
export const servicesFindNothing: Lint = {
  id: 'services-find-nothing',
  title: 'toServices matches no service',
  source: 'Cilium policy engine 1.19 and 1.20; cilium #20067',
  severity: 'error',
  *check(context, policy) {
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of rule.peers === 'any' ? [] : rule.peers) {
        if (peer.type !== 'services' || serviceStands(context.model, peer.services)) continue;
        yield {
          direction,
          ruleIndex: index,
          text: peer.orAnybody
            ? `Rule ${index + 1} names ${shortPeerText(peer)}, which matches no service with endpoints: Cilium then opens its ports to any peer, including the world.`
            : `Rule ${index + 1} names ${shortPeerText(peer)}, which matches no service with endpoints: it admits nothing.`,
          fix: 'Fix the name and namespace of the service, or use toEndpoints.',
        };
      }
    }
  },
};

/** Labels that are not part of Cilium's identities (CIL-8). */
export const ignoredLabels: Lint = {
  id: 'ignored-labels',
  title: 'a selector uses labels that the enforcer ignores',
  source: 'Cilium, pkg/labelsfilter/filter.go; rke2 #9029, cilium #18878',
  severity: 'error',
  *check(context, policy) {
    const { dialect } = context;
    if (!dialect.identityLabels) return;
    const ignored = (selector: Selector) => selector.filter(({ key }) => isIgnoredLabel(key, dialect.labels));
    for (const { subject } of context.world.matching.readings(policy)) {
      for (const found of ignored(subject.pods)) yield flawOf(found, 'It selects its pods by');
    }
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of podPeers(rule)) {
        for (const found of ignored(peer.pods)) {
          yield { direction, ruleIndex: index, ...flawOf(found, `Rule ${index + 1} selects by`) };
        }
      }
    }
  },
};

function flawOf({ key, operator }: Requirement, who: string): Flaw {
  const excludes = operator === 'NotIn' || operator === 'DoesNotExist';
  return {
    text: `${who} the label ${key}, which Cilium excludes from identities: ${
      excludes ? 'excluding by it excludes no pod' : 'it selects no pod'
    }.`,
    fix: 'Use a workload label, such as app, or add the key to the Cilium labels option.',
  };
}
