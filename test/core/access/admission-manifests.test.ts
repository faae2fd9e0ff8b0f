import { describe, expect, test } from 'vitest';
import { type AdmissionRules, admissionManifests } from '../../../src/core/access/access.ts';
import { grantId, OBJECT_NAME, objectName } from '../../../src/core/grants/names.ts';

const RULES: AdmissionRules = {
  maxSeconds: 28_800,
  protectedNamespaces: [],
  pendingSeconds: 3_600,
  confinedGroups: [],
};

describe('admission manifests', () => {
  test('are each policy with its binding, all marked', () => {
    const manifests = admissionManifests('1.2.3', RULES);
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
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

  test('have the limits as literals, and no parameters, which a server may lose (API-17)', () => {
    const manifests = admissionManifests('1', {
      ...RULES,
      maxSeconds: 3_600,
      reasonPattern: '^INC-\\d',
      protectedNamespaces: ['kube-system', 'prod-*'],
    });
    const limits = manifests.filter(
      ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name.endsWith('-limits'),
    );
    expect(limits).toHaveLength(2);
    for (const policy of limits) {
      expect(policy.spec).toMatchObject({
        variables: expect.arrayContaining([
          { name: 'maxSeconds', expression: '3600' },
          { name: 'reasonPattern', expression: '"^INC-\\\\d"' },
          { name: 'protectedNamespaces', expression: '["^kube-system$", "^prod-.*$"]' },
        ]),
      });
    }
    expect(JSON.stringify(manifests)).not.toMatch(/param(Kind|Ref)/);
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
