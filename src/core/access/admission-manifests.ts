import type { ApiObject } from '../cluster/cluster.ts';
import { OF_GRANTS, type Policy, policyManifests, STAYS } from './admission-policy.ts';
import { GRANTS, grantLimits } from './grant-policies.ts';
import { LEASE_ENDS, LEASES, leaseLimits } from './lease-policies.ts';
import { about, marks } from './manifest.ts';

/** What the cluster holds every grant to, by whatever client. */
export type AdmissionRules = {
  /** The longest window, extensions included, seconds. */
  readonly maxSeconds: number;
  /** RE2; absent: any reason. */
  readonly reasonPattern?: string;
  /** `*` stands for any run of characters. */
  readonly protectedNamespaces: readonly string[];
  /** Groups whose members may make no other Jobs and policies than those of grants. */
  readonly confinedGroups: readonly string[];
  /** Where the ConfigMap is. */
  readonly namespace: string;
};

/** Every cluster has it, and few may write there. */
export const DEFAULT_RULES_NAMESPACE = 'kube-system';

const LIMITS = 'sluice-limits';

/**
 * ValidatingAdmissionPolicies (v1, Kubernetes 1.30 or later) with their bindings, after the ConfigMap that they read. What
 * depends on it matches objects of grants only, so that nobody else is stopped when it is missing.
 */
export function admissionManifests(version: string, rules: AdmissionRules): readonly ApiObject[] {
  const { maxSeconds, reasonPattern = '', protectedNamespaces, confinedGroups, namespace } = rules;
  const limits: ApiObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: LIMITS,
      namespace,
      labels: marks(version),
      annotations: about(
        'What sluice may grant: the longest window in seconds, an RE2 that reasons match, namespaces without grants, one per line.',
      ),
    },
    data: {
      maxSeconds: String(maxSeconds),
      reasonPattern,
      protectedNamespaces: protectedNamespaces.join('\n'),
    },
  };
  const parameters = { name: LIMITS, namespace };
  const policies: readonly Policy[] = [
    LEASES,
    LEASE_ENDS,
    GRANTS,
    leaseLimits(parameters),
    grantLimits(parameters),
    ...(confinedGroups.length === 0 ? [] : [confined(confinedGroups)]),
  ];
  return [limits, ...policies.flatMap((policy) => policyManifests(version, policy))];
}

/** `create` on Jobs is a right to run pods as any service account of the namespace, unless Jobs are leases only. */
function confined(groups: readonly string[]): Policy {
  const names = groups.map((group) => JSON.stringify(group)).join(', ');
  return {
    name: 'sluice-confined',
    about:
      'Members of some groups may make, change and delete no Jobs and NetworkPolicies but those of grants.',
    kinds: ['jobs', 'networkpolicies'],
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    matching: { members: `request.userInfo.?groups.orValue([]).exists(g, g in [${names}])`, stays: STAYS },
    variables: {},
    rules: [
      {
        holds: OF_GRANTS,
        message: 'you may make, change and delete only Jobs and NetworkPolicies of grants of sluice',
      },
    ],
  };
}
