/* What enforces policies, one file for each CNI: where each follows the specification and where it does not. */

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

export { assume } from './assume.ts';
export { withCiliumConfig } from './cilium.ts';

/** The dialects by name, each made for a version where it is known. */
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

/** The dialect of an enforcer, of this version where it is known: `1.20.2`. */
export function dialectOf(enforcer: EnforcerName, version?: string): Dialect {
  return DIALECTS[enforcer](version);
}

/** Every enforcer that has a dialect. */
export const ENFORCER_NAMES = Object.keys(DIALECTS) as readonly EnforcerName[];

/** An enforcer as people name it: `cilium`, or with its release, `cilium-1.20`. */
export type NamedEnforcer = { readonly name: EnforcerName; readonly version?: string };

/**
 * Reads an enforcer's name, with or without its release.
 *
 * @throws SluiceError `usage` for a name that has no dialect, with those that have
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
