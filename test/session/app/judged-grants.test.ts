import { expect, test } from 'vitest';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { createJudgedGrants } from '../../../src/session/app/judged-grants.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';
import { grantLine } from '../../helpers/session-state.ts';

const web = pod({ name: 'web-1', labels: { app: 'web' } });
const db = pod({ name: 'db-0', labels: { app: 'db' } });
const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const own: Policy = {
  ...networkPolicy({
    name: 'sluice-tst2-in',
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
              podSelector: { matchLabels: { app: 'web' } },
            },
          ],
          ports: [{ protocol: 'TCP', port: 5_432 }],
        },
      ],
    },
  }),
  labels: { 'sluice.dev/grant': 'tst2' },
};
const { grant } = grantLine({ name: 'applied', at: 0 }, { mine: false, policies: [own], drift: ['edited'] });

test('the grants of others are judged in the cluster, anew when verdicts may have changed', () => {
  const model = cluster({ pods: [web, db], policies: [deny, own] });
  const engine = createEngine(model, dialectOf('spec'));
  let changes = 0;
  const judged = createJudgedGrants(engine, { monotonic: () => 0 }, () => changes);
  const [sound] = judged([grant]);
  expect(sound?.drift).toEqual(['edited']);
  expect(judged([grant])[0]).toBe(sound);

  const gone = {
    kind: 'policies',
    source: 'networkpolicies',
    type: 'delete',
    key: 'NetworkPolicy/shop/deny',
  } as const;
  model.apply(gone);
  engine.apply(gone);
  expect(judged([grant])[0]).toBe(sound);
  changes += 1;
  const [freed] = judged([grant]);
  expect(freed?.drift).toEqual([
    'edited',
    expect.stringContaining('no policy but grants isolates shop/db-0'),
  ]);

  changes += 1;
  expect(judged([grant])[0]).toBe(freed);
});

test('what has been judged before waits for the next time where there are too many', () => {
  const engine = createEngine(cluster({ pods: [web, db], policies: [deny, own] }), dialectOf('spec'));
  let changes = 0;
  let time = 0;
  const judged = createJudgedGrants(
    engine,
    {
      monotonic: () => {
        time += 5;
        return time;
      },
    },
    () => changes,
  );
  const before = judged([grant]);
  const gone = {
    kind: 'policies',
    source: 'networkpolicies',
    type: 'delete',
    key: 'NetworkPolicy/shop/deny',
  } as const;
  engine.model.apply(gone);
  engine.apply(gone);
  changes += 1;
  expect(judged([grant])[0]).toBe(before[0]);
});
