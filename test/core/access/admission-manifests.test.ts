import { describe, expect, test } from 'vitest';
import { type AdmissionRules, admissionManifests } from '../../../src/core/access/access.ts';
import { textAt } from '../../../src/core/common/common.ts';
import { grantId, OBJECT_NAME, objectName } from '../../../src/core/grants/names.ts';

const RULES: AdmissionRules = {
  maxSeconds: 28_800,
  protectedNamespaces: [],
  confinedGroups: [],
  namespace: 'kube-system',
};

describe('admission manifests', () => {
  test('are the ConfigMap, then each policy with its binding, all marked', () => {
    const manifests = admissionManifests('1.2.3', RULES);
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ConfigMap sluice-limits',
      ...[
        'sluice-leases',
        'sluice-lease-ends',
        'sluice-grants',
        'sluice-lease-limits',
        'sluice-grant-limits',
      ].flatMap((name) => [`ValidatingAdmissionPolicy ${name}`, `ValidatingAdmissionPolicyBinding ${name}`]),
    ]);
    for (const { metadata } of manifests) {
      expect(metadata.labels).toEqual({
        'app.kubernetes.io/managed-by': 'sluice',
        'app.kubernetes.io/version': '1.2.3',
      });
    }
  });

  test('what reads the ConfigMap selects labeled objects only: without it, other work goes on', () => {
    const policies = admissionManifests('1', RULES).filter(
      ({ kind }) => kind === 'ValidatingAdmissionPolicy',
    );
    for (const policy of policies) {
      const selector = JSON.stringify(policy).includes('"objectSelector"');
      expect(selector).toBe(textAt(policy, 'spec', 'paramKind', 'kind') === 'ConfigMap');
    }
  });

  test('the ConfigMap has the limits', () => {
    const [limits] = admissionManifests('1', {
      ...RULES,
      maxSeconds: 3_600,
      reasonPattern: '^INC',
      protectedNamespaces: ['kube-system', 'prod-*'],
      namespace: 'ops',
    });
    expect(limits).toMatchObject({
      metadata: { name: 'sluice-limits', namespace: 'ops' },
      data: { maxSeconds: '3600', reasonPattern: '^INC', protectedNamespaces: 'kube-system\nprod-*' },
    });
  });

  test('groups are confined as texts of CEL', () => {
    const confined = admissionManifests('1', { ...RULES, confinedGroups: ['on call', 'a"b\\c'] });
    expect(JSON.stringify(confined)).toContain(JSON.stringify('["on call", "a\\"b\\\\c"]').slice(1, -1));
  });

  test('the rule for names fits the names that are made', () => {
    const bytes = Uint8Array.from({ length: 6 }, (_, index) => index * 41);
    for (const direction of ['ingress', 'egress'] as const)
      expect(objectName(grantId(bytes), direction)).toMatch(new RegExp(OBJECT_NAME));
    expect('sluice-backup').not.toMatch(new RegExp(OBJECT_NAME));
  });
});
