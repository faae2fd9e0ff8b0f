import type { ApiObject } from '../cluster/cluster.ts';
import { type Limits, literal, OF_GRANTS, type Policy, policyManifests } from './admission-policy.ts';
import { type ApprovalRules, approvals } from './approval-policies.ts';
import { GRANTS, grantLimits } from './grant-policies.ts';
import { LEASE_ENDS, LEASES, leaseLimits } from './lease-policies.ts';

/** What the cluster holds every grant to, by whatever client. */
export type AdmissionRules = Limits & {
  /** Groups whose members may make no other Jobs and policies than those of grants. */
  readonly confinedGroups: readonly string[];
  /** Absent: nobody has to approve anything. */
  readonly approvals?: ApprovalRules;
};

/** ValidatingAdmissionPolicies (v1, Kubernetes 1.30 or later) with their bindings. */
export function admissionManifests(version: string, rules: AdmissionRules): readonly ApiObject[] {
  const { confinedGroups, approvals: asked } = rules;
  const policies: readonly Policy[] = [
    LEASES,
    LEASE_ENDS,
    GRANTS,
    leaseLimits(rules),
    grantLimits(rules),
    ...(asked === undefined ? [] : [approvals(asked, rules)]),
    ...(confinedGroups.length === 0 ? [] : [confined(confinedGroups)]),
  ];
  return policies.flatMap((policy) => policyManifests(version, policy));
}

/** `create` on Jobs is a right to run pods as any service account of the namespace, unless Jobs are leases only. */
function confined(groups: readonly string[]): Policy {
  const names = groups.map(literal).join(', ');
  return {
    name: 'sluice-confined',
    about:
      'Members of some groups may make, change and delete no Jobs and NetworkPolicies but those of grants.',
    kinds: ['jobs', 'networkpolicies'],
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    matching: { members: `request.userInfo.?groups.orValue([]).exists(g, g in [${names}])` },
    variables: {},
    rules: [
      {
        holds: OF_GRANTS,
        message: 'you may make, change and delete only Jobs and NetworkPolicies of grants of sluice',
      },
    ],
  };
}
