import { type Lint, placedRules } from './context.ts';

/** toFQDNs knows only what the DNS proxy saw, and that needs a DNS rule (CIL-20). */
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
        text: `Rule ${index + 1} names DNS names, and no policy on ${pod.name} has a DNS rule, so no address is ever learnt.`,
        fix: 'Add an egress rule to the DNS pods with rules: {dns: [{matchPattern: "*"}]}.',
      };
    }
  },
};
