import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLive, type Protocol } from '../../../../src/core/cluster/objects.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { endGroupText } from '../../../../src/core/policy/reach/ends.ts';
import { clusterMatrix, type OpenPath } from '../../../../src/core/policy/reach/matrix.ts';
import { cluster, networkPolicy, pod } from '../../../helpers/builders.ts';
import { runs } from '../../../helpers/runs.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { engineOf } from '../oracle/engine-of.ts';
import { ASKED_PORTS, randomWorld } from '../oracle/worlds.ts';

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

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
  const lines = clusterMatrix(model, dialectOf('spec')).map(
    ({ from, to, ports }) => `${endGroupText(from)} → ${endGroupText(to)} ${JSON.stringify(ports.TCP)}`,
  );
  expect(lines).toEqual([
    'shop/web → shop/web [[1,65535]]',
    'shop/web → shop/db [[5432,5432]]',
    '0.0.0.0-255.255.255.255 → shop/web [[1,65535]]',
    'shop/web → 0.0.0.0-255.255.255.255 [[1,65535]]',
  ]);
});

test('the matrix says of every pair and port of pods what the engine says', () => {
  fc.assert(
    fc.property(randomWorld, (world) => {
      const { model, engine } = engineOf(world);
      const matrix = clusterMatrix(model, engine.dialect);
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
                .filter(({ ports }) => ports[protocol].some(([first, last]) => first <= port && port <= last))
                .map(({ unsure }) => (unsure ? 'undecidable' : 'allow'));
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
    runs(20, 60),
  );
});

function holds(path: OpenPath, which: 'from' | 'to', { namespace, name }: ReturnType<typeof pod>): boolean {
  const end = path[which];
  return end.type === 'workload' && end.namespace === namespace && (end.pods ?? [end.name]).includes(name);
}
