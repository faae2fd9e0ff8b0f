import type { Dialect } from './dialect.ts';
import { ALPHA2_KIND, NETWORK_POLICY, UNSAID } from './spec.ts';
import { isAtLeast } from './version.ts';

const OWN_KINDS = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'];

/** Measured with the policy engine of 1.19.5, as docs/rules/cilium.md has it. */
const CILIUM: Dialect = {
  ...UNSAID,
  enforcer: 'cilium',
  ipBlockMatchesPods: 'no',
  endPort: 'yes',
  sctp: 'yes',
  // It consults policy for every packet (ENF-2).
  keepsEstablished: 'no',
  hostNetwork: 'node',
  ownNode: 'unless-denied',
  identityLabels: true,
  appliesUnlisted: true,
  namedEgressPorts: 'cluster',
  sidecarPortNames: 'no',
  kinds: { sure: [NETWORK_POLICY, ...OWN_KINDS], unsure: [ALPHA2_KIND] },
};

/** Where 1.20.2 answers otherwise (CIL-1, CIL-13, CIL-17). */
const SINCE_1_20 = {
  alwaysShutsOwnNode: true,
  namedEgressPorts: 'destination',
  zeroPortIsAll: true,
} as const satisfies Partial<Dialect>;

/**
 * Cilium, of which 1.19 and 1.20 are known: what is older is read as 1.19, what is newer as 1.20, and an unknown
 * version as 1.19. ClusterNetworkPolicy came with 1.20, behind a flag (ANP-12).
 */
export function ciliumDialect(version: string | undefined): Dialect {
  if (version === undefined) return { ...CILIUM, readAs: '1.19' };
  if (isAtLeast(version, '1.20')) return { ...CILIUM, ...SINCE_1_20, version, readAs: '1.20' };
  return { ...CILIUM, version, readAs: '1.19', kinds: { ...CILIUM.kinds, unsure: [] } };
}
