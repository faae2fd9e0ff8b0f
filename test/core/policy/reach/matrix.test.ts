import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLive, PROTOCOLS } from '../../../../src/core/cluster/objects.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { holdsPort, isNothing, portsText } from '../../../../src/core/policy/model/connections.ts';
import { endGroupText, fullEndText } from '../../../../src/core/policy/reach/end-groups.ts';
import { clusterMatrix, type OpenPath } from '../../../../src/core/policy/reach/matrix.ts';
import { cluster, networkPolicy, pod } from '../../../helpers/builders.ts';
import { runs } from '../../../helpers/runs.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { engineOf } from '../oracle/engine-of.ts';
import { KEPT } from '../oracle/kept.ts';
import { ASKED_PORTS, type RandomWorld, randomWorld } from '../oracle/worlds.ts';

test('the matrix lists what is open by workload, and leaves out what is closed', () => {
  const web = (name: string) =>
    pod({ name, labels: { app: 'web' }, owner: { kind: 'Deployment', namespace: 'shop', name: 'web' } });
  const policy = networkPolicy({
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 5432 }] }],
    },
  });
  const model = cluster({ pods: [web('web-1'), web('web-2'), pod({ name: 'db' })], policies: [policy] });
  const lines = clusterMatrix({ model, dialect: dialectOf('spec') }).map(
    ({ from, to, open }) => `${endGroupText(from)} → ${endGroupText(to)} ${portsText(open)}`,
  );
  expect(lines).toEqual([
    'outside → shop/web all ports',
    'shop/web → outside all ports',
    'shop/web → shop/db tcp 5432',
    'shop/web → shop/web all ports',
  ]);
});

test('a workload is told once where its pods are alike, and by its pods where they are not', () => {
  const db = (index: number) =>
    pod({
      name: `db-${index}`,
      node: `node-${index}`,
      labels: { app: 'db', index: `${index}` },
      owner: { kind: 'StatefulSet', namespace: 'shop', name: 'db' },
    });
  const host = pod({ name: 'host', node: 'node-1', hostNetwork: true, ips: ['192.168.0.1'] });
  const model = cluster({
    pods: [db(0), db(1), db(2), host],
    policies: [
      networkPolicy({
        name: 'db',
        spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'] },
      }),
      networkPolicy({
        name: 'one',
        spec: { podSelector: { matchLabels: { index: '2' } }, policyTypes: ['Ingress'] },
      }),
    ],
  });
  const lines = clusterMatrix({ model, dialect: dialectOf('spec') }).map(
    ({ from, to, open, unsure }) =>
      `${fullEndText(from)} → ${fullEndText(to)} ${portsText(open)}${isNothing(unsure) ? '' : `? ${portsText(unsure)}`}`,
  );
  expect(lines).toEqual([
    'outside → shop/host[Pod] all ports',
    'shop/db[StatefulSet] → outside all ports',
    'shop/db[StatefulSet] → shop/host[Pod] all ports',
    'shop/host[Pod] → outside all ports',
    'shop/host[Pod] → shop/db[StatefulSet]{db-1} ? all ports',
  ]);
});

test('the matrix says of every pair and port of pods what the engine says', () => {
  fc.assert(
    fc.property(randomWorld, (world) => {
      const { model, engine } = engineOf(world);
      const matrix = clusterMatrix(engine);
      const live = [...model.pods()].filter(isLive);
      for (const from of live) {
        for (const to of live) {
          if (from === to) continue;
          for (const port of ASKED_PORTS) {
            for (const protocol of PROTOCOLS) {
              const { verdict } = verdictOf(engine, {
                from: { type: 'pod', pod: from },
                to: { type: 'pod', pod: to },
                port,
                protocol,
              });
              const found = matrix
                .filter((path) => holds(path, 'from', from) && holds(path, 'to', to))
                .flatMap(({ open, unsure }) => [
                  ...(holdsPort(open, port, protocol) ? ['allow'] : []),
                  ...(holdsPort(unsure, port, protocol) ? ['undecidable'] : []),
                ]);
              expect([from.name, to.name, port, protocol, ...found]).toEqual([
                from.name,
                to.name,
                port,
                protocol,
                ...(verdict === 'deny' ? [] : [verdict]),
              ]);
            }
          }
        }
      }
    }),
    {
      ...runs(20, 60),
      examples: KEPT.filter(({ foreign }) => foreign === undefined).map((world): [RandomWorld] => [world]),
    },
  );
});

function holds(path: OpenPath, which: 'from' | 'to', { namespace, name }: ReturnType<typeof pod>): boolean {
  const end = path[which];
  return end.type === 'workload' && end.namespace === namespace && (end.pods ?? [end.name]).includes(name);
}
