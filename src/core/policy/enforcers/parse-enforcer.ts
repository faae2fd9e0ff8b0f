import { SluiceError } from '../../errors.ts';
import type { EnforcerName } from './dialect.ts';

/** Every enforcer that has a dialect. */
export const ENFORCER_NAMES: readonly EnforcerName[] = [
  'cilium',
  'calico',
  'kube-router',
  'kindnet',
  'ovn-kubernetes',
  'antrea',
  'aws-vpc-cni',
  'spec',
  'none',
  'unknown',
];

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
      `"${text}" is no enforcer known here.`,
      `Known: ${ENFORCER_NAMES.join(', ')}; a release may follow, as in cilium-1.20.`,
    );
  }
  return version === undefined ? { name } : { name, version };
}
