import { plural } from '../../plural.ts';
import type { EnforcerName, Known } from '../match/dialect.ts';
import { type Lint, placedRules } from './context.ts';

/** A range narrower than everything that holds addresses of pods (NP-22). */
export const ipBlockForPods: Lint = {
  id: 'ipblock-for-pods',
  title: 'an address range is used for pods',
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
          text: `Rule ${index + 1} names ${peer.cidr}, which holds the addresses of ${plural(count, 'pod')}${EFFECTS[ipBlockMatchesPods](enforcer)}`,
          fix: 'Select pods by podSelector and namespaceSelector, and keep address ranges for what is outside the cluster.',
        };
      }
    }
  },
};

const EFFECTS: Readonly<Record<Known, (enforcer: EnforcerName) => string>> = {
  yes: () => ': other pods will have them after a restart.',
  no: (enforcer) => `, and ${enforcer} never matches pods by address.`,
  unknown: (enforcer) => `, and whether ${enforcer} matches pods by address is not known.`,
};
