import { expect, test } from 'vitest';
import type { Pod } from '../../../src/core/cluster/objects.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { aboutGrant } from '../../../src/session/app/about-grant.ts';
import { aboutPod } from '../../../src/session/app/about-pod.ts';
import { aboutPolicy } from '../../../src/session/app/about-policy.ts';
import { createClusterRows } from '../../../src/session/rows/cluster-rows.ts';
import type { AboutItem } from '../../../src/session/state/session-state.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';
import { grantLine, NOW } from '../../helpers/session-state.ts';

const dbOnlyApi = networkPolicy({
  name: 'db-only-api',
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 5432 }] }],
  },
});

function rowsOf(pods: readonly Pod[], policies: readonly Policy[]) {
  const model = cluster({ pods, policies });
  const engine = createEngine(model, dialectOf('spec'));
  const rows = createClusterRows(model, engine);
  while (rows.left() !== 'nothing') rows.work(() => false);
  return { engine, rows };
}

const said = (items: readonly AboutItem[]) => items.map(({ label, text }) => `${label}: ${text}`);

test('a policy shows the pods it selects, its rules, and its enforcer', () => {
  const { engine, rows } = rowsOf([pod({ name: 'db' }), pod({ name: 'api' })], [dbOnlyApi]);
  const [row] = rows.policies(undefined);
  expect(said(row === undefined ? [] : aboutPolicy(engine, row))).toEqual([
    'selects: 1 pod: db',
    'selector: app=db',
    'ingress: isolated: only what rules admit',
    '  rule 1: admits pods app=api · tcp 5432',
    'enforced: by spec',
  ]);
});

test('a lint finding comes first, with its fix and its source', () => {
  const { engine, rows } = rowsOf([pod({ name: 'api' })], [dbOnlyApi]);
  const [row] = rows.policies(undefined);
  const items = row === undefined ? [] : aboutPolicy(engine, row);
  expect(items.slice(0, 3)).toEqual([
    {
      label: '! selects-nothing',
      text: 'It selects app=db, but no running pod in namespace shop matches.',
      level: 'warn',
    },
    { label: '', text: 'Fix the selector, or delete the policy if its pods are gone for good.' },
    expect.objectContaining({ text: expect.stringContaining('Kubernetes API'), level: 'faint' }),
  ]);
  expect(said(items)).toContain('selects: no pods');
});

test('a pod shows its isolation in both directions, and by which policies', () => {
  const { engine, rows } = rowsOf([pod({ name: 'db' }), pod({ name: 'api' })], [dbOnlyApi]);
  const row = rows.pods(undefined).find(({ pod: { name } }) => name === 'db');
  expect(said(row === undefined ? [] : aboutPod(engine, row)).slice(0, 3)).toEqual([
    'ingress: isolated: only what these policies admit',
    '  db-only-api: admits pods app=api · tcp 5432',
    'egress: open: no policy isolates it, all traffic is allowed',
  ]);
});

test('a grant whose end is not proven says why, and what would prove it', () => {
  const end = { at: NOW, by: 'lease', proof: 'no attempt seen since' } as const;
  const [, state, next] = said(aboutGrant(grantLine({ name: 'unproven', ...end, pairs: ['web → db'] }), NOW));
  expect(state).toMatch(/^state: policy gone [\d:]+, not proven closed: no attempt seen since$/);
  expect(next).toBe('next: Make an attempt on the path; the history (h) then shows whether it was dropped.');
  expect(said(aboutGrant(grantLine({ name: 'closed', ...end }), NOW)).join()).not.toContain('next:');
});

test('a grant whose connections live on names them, and says what would end each', () => {
  const socket = {
    pod: { namespace: 'shop', name: 'web-1' },
    protocol: 'TCP',
    local: { ip: '10.0.0.5', port: 40_000 },
    remote: { ip: '10.0.0.9', port: 5_432 },
  } as const;
  const connections = '1 established connection stays open: web-1 10.0.0.5:40000 → 10.0.0.9:5432/tcp';
  const state = { name: 'flowing', at: NOW, by: 'lease', still: 'established', connections } as const;
  const [, told, cut] = said(aboutGrant(grantLine({ ...state, living: [socket] }), NOW));
  expect(told).toContain(connections);
  expect(cut).toMatch(/^to cut it: kubectl debug -n shop web-1 .* ss -K .* dport = :5432 sport = :40000$/);
});

test('a grant is told with its troubles, those of its window too, and who set that', () => {
  const { window } = grantLine().grant;
  const line = grantLine(
    { name: 'applied', at: NOW },
    {
      drift: ['its lease is suspended'],
      announced: { seconds: 900, most: 28_800, by: 'bob' },
      mine: false,
    },
  );
  const end = window?.end ?? 0;
  expect(said(aboutGrant(line, end))).toContainEqual(expect.stringMatching(/^window: .*, 15m, set by bob$/));
  expect(said(aboutGrant(line, end)).filter((text) => text.startsWith('!'))).toEqual([
    '! drift: its lease is suspended',
  ]);
  expect(said(aboutGrant(line, end + 5_000)).filter((text) => text.startsWith('!'))).toEqual([
    expect.stringMatching(/^! drift: overdue: its window ended at /),
    '! drift: its lease is suspended',
  ]);
});
