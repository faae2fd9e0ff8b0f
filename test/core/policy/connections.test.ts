import { expect, test } from 'vitest';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { isEverything } from '../../../src/core/policy/model/connections.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';
import { connectionsBetween } from '../../helpers/connections-between.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] });
const between = (...policies: Parameters<typeof networkPolicy>[0][]) => {
  const engine = createEngine(
    cluster({ pods: [web, db], policies: policies.map((fields) => networkPolicy(fields)) }),
    dialectOf('spec'),
  );
  return connectionsBetween(engine, { type: 'pod', pod: web }, { type: 'pod', pod: db });
};

test('without a policy everything is open', () => {
  expect(isEverything(between().open)).toBe(true);
});

test('ports of both halves meet, names and ranges included', () => {
  const { open } = between(
    {
      name: 'in',
      spec: {
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: 'pg' }, { port: 80, endPort: 90 }, { protocol: 'UDP' }] }],
      },
    },
    {
      name: 'out',
      spec: {
        policyTypes: ['Egress'],
        egress: [
          {
            ports: [
              { port: 85, endPort: 6000 },
              { protocol: 'UDP', port: 53 },
            ],
          },
        ],
      },
    },
  );
  expect(open).toEqual({
    TCP: [
      [85, 90],
      [5432, 5432],
    ],
    UDP: [[53, 53]],
    SCTP: [],
  });
  expect(isEverything(open)).toBe(false);
});

test('what is not decided is kept apart', () => {
  const { open, unsure } = between({
    spec: {
      policyTypes: ['Ingress'],
      ingress: [{ from: [{}], ports: [{ port: 80 }] }, { ports: [{ port: 81 }] }],
    },
  });
  expect(open.TCP).toEqual([[81, 81]]);
  expect(unsure.TCP).toEqual([[80, 80]]);
});
