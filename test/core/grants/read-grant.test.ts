import { expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { GRANT_LABEL, NOTE, objectName } from '../../../src/core/grants/names.ts';
import { readGrants } from '../../../src/core/grants/read-grant.ts';

const HALVES = 'egress=front,ingress=shop';

function object(
  kind: 'Job' | 'NetworkPolicy',
  direction: 'ingress' | 'egress',
  namespace: string,
): ApiObject {
  const isPolicy = kind === 'NetworkPolicy';
  return {
    apiVersion: isPolicy ? 'networking.k8s.io/v1' : 'batch/v1',
    kind,
    metadata: {
      name: objectName('abc234', direction),
      namespace,
      uid: `${kind}-${namespace}`,
      labels: { [GRANT_LABEL]: 'abc234' },
      annotations: { [NOTE.halves]: HALVES },
    },
    ...(isPolicy ? { spec: { policyTypes: [direction === 'egress' ? 'Egress' : 'Ingress'] } } : {}),
  };
}

const jobs = [object('Job', 'egress', 'front'), object('Job', 'ingress', 'shop')];
const policies = [object('NetworkPolicy', 'ingress', 'shop')];
const key = `NetworkPolicy/front/${objectName('abc234', 'egress')}`;

test('a half whose policy could not be read is unseen, though its lease was', () => {
  const [grant] = readGrants(policies, jobs, new Map([[key, 'forbidden']]));
  expect(grant?.unseen).toEqual([{ direction: 'egress', namespace: 'front', why: 'forbidden' }]);
  expect(grant?.halves.map(({ namespace }) => namespace)).toEqual(['shop']);
  expect(grant?.drift).toContain('unseen half in front (egress): forbidden');
});

test('a half whose policy is known to be gone is not unseen', () => {
  const [grant] = readGrants(policies, jobs, new Map(), new Set([key]));
  expect(grant?.unseen).toBeUndefined();
  expect(grant?.halves).toHaveLength(2);
});
