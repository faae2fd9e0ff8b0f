/* What enforces policies, one file per CNI: where each follows the specification and where it does not. */

import { SluiceError } from '../../common/common.ts';
import type { Dialect, EnforcerName } from '../match/match.ts';
import { ANTREA } from './antrea.ts';
import { AWS_VPC_CNI } from './aws-vpc-cni.ts';
import { calicoDialect } from './calico.ts';
import { ciliumDialect } from './cilium.ts';
import { KINDNET } from './kindnet.ts';
import { KUBE_ROUTER } from './kube-router.ts';
import { OVN_KUBERNETES } from './ovn-kubernetes.ts';
import { NONE, SPEC, UNKNOWN } from './spec.ts';

export { assume, knownAssumptions } from './assume.ts';
export { withCiliumConfig } from './cilium.ts';
export { knownBugs } from './known-bugs.ts';

/** The dialects by name, each built for a version if known. */
const DIALECTS: Readonly<Record<EnforcerName, (version: string | undefined) => Dialect>> = {
  cilium: ciliumDialect,
  calico: calicoDialect,
  'kube-router': (version) => versioned(KUBE_ROUTER, version),
  kindnet: (version) => versioned(KINDNET, version),
  'ovn-kubernetes': (version) => versioned(OVN_KUBERNETES, version),
  antrea: (version) => versioned(ANTREA, version),
  'aws-vpc-cni': (version) => versioned(AWS_VPC_CNI, version),
  spec: () => SPEC,
  none: () => NONE,
  unknown: () => UNKNOWN,
};

function versioned(dialect: Dialect, version: string | undefined): Dialect {
  return version === undefined ? dialect : { ...dialect, version };
}

/** The dialect of an enforcer, for a version such as `1.20.2` if known. */
export function dialectOf(enforcer: EnforcerName, version?: string): Dialect {
  return DIALECTS[enforcer](version);
}

/** Every enforcer that has a dialect. */
export const ENFORCER_NAMES = Object.keys(DIALECTS) as readonly EnforcerName[];

/** An enforcer as the user names it: `cilium`, or with a release, `cilium-1.20`. */
export type NamedEnforcer = { readonly name: EnforcerName; readonly version?: string };

/**
 * Parses an enforcer's name, with or without a release.
 * @throws SluiceError `usage` for an unknown name, listing the known ones
 */
export function parseEnforcer(text: string): NamedEnforcer {
  const [, base = text, version] = /^(.*?)(?:-v?(\d+(?:\.\d+)*))?$/.exec(text) ?? [];
  const name = ENFORCER_NAMES.find((known) => known === base);
  if (name === undefined) {
    throw new SluiceError(
      'usage',
      `Unknown enforcer "${text}".`,
      `Valid names: ${ENFORCER_NAMES.join(', ')}; optionally with a release, such as cilium-1.20.`,
    );
  }
  return version === undefined ? { name } : { name, version };
}
