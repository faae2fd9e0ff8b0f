import { afterEach, expect, test } from 'vitest';
import { paneLines, paneText } from '../../helpers/pane-text.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';
import {
  attemptLine,
  grantLine,
  half,
  NOW,
  podRow,
  policyRow,
  sessionState,
} from '../../helpers/session-state.ts';

let screen: Screen;
afterEach(() => screen.close());

const SIZES = [
  [60, 15],
  [72, 20],
  [80, 24],
  [80, 40],
  [90, 30],
  [100, 24],
  [100, 50],
  [110, 30],
  [119, 30],
  [120, 20],
  [120, 30],
  [120, 50],
  [132, 40],
  [140, 30],
  [160, 52],
  [179, 60],
  [180, 36],
  [200, 50],
  [250, 70],
  [300, 90],
] as const;

const WHY = 'api-from-web rule 1 admits app=web or app=cart in namespace shop, not app=prometheus';
const PROOF = 'no traffic since, 12 attempts dropped on 3 of 3 pairs, last at 12:04:09';

const state = () => {
  const { path } = sessionState();
  return sessionState({
    attempts: [
      attemptLine({ from: 'prometheus-server', to: 'api-gateway-internal', why: WHY }),
      attemptLine({ from: 'web', to: 'api', verdict: 'allow', why: 'api-from-web' }),
    ],
    pods: [
      podRow('checkout-frontend-7d9f8b6c5d-x2xkq', { ips: ['192.168.110.115'], status: 'CrashLoopBackOff' }),
      podRow('web'),
    ],
    policies: [policyRow('allow-from-ingress-controllers'), policyRow('db')],
    grants: [
      grantLine({ name: 'closed', at: NOW - 5_000, by: 'revoke', proof: PROOF }),
      grantLine(undefined, { id: 'b' }),
    ],
    path: {
      ...path,
      verdict: {
        verdict: 'deny',
        egress: half({ summary: 'not isolated' }),
        ingress: half({ verdict: 'deny', summary: WHY }),
      },
    },
  });
};

const isBlank = (line: string) => line.trim() === '';

test.each(SIZES)(
  'at %i×%i no reason, name, address or proof is cut while cells are free',
  async (columns, rows) => {
    screen = openScreen({ columns, rows, state: state() });
    await screen.settled();
    const text = () => screen.text();
    if (columns < 120 || rows < 26) {
      expect(screen.lines().slice(-5).join(' ').replace(/\s+/g, ' ')).toContain(
        columns < 72 ? WHY.slice(0, 40) : WHY,
      );
      for (const focus of ['pods', 'policies', 'grants'] as const) {
        screen.set({ focus });
        await screen.settled();
        const table = screen.lines().slice(2, -5);
        if (focus !== 'grants' || table.some(isBlank)) expect(table.join('\n')).not.toContain('…');
      }
      expect(text().replace(/\s+/g, ' ')).toContain(PROOF);
      return;
    }
    expect(paneText(screen.lines(), 'Path')).toContain(WHY);
    for (const pane of ['3 Attempts', '4 Grants', '1 Pods', '2 Policies']) {
      const table = paneLines(screen.lines(), pane);
      if (table.some(isBlank)) expect(table.join('\n')).not.toContain('…');
    }
    expect(paneText(screen.lines(), '4 Grants')).toContain(PROOF);
  },
);

test('the columns that say which pair it is grow before the reason does, and both before anything is blank', async () => {
  screen = openScreen({ columns: 120, rows: 30, state: state() });
  await screen.settled();
  const [, row] = paneLines(screen.lines(), '3 Attempts');
  expect(row).toContain('prometheus-server  api-gateway-internal');
});

test('names that fit beside each other are whole, whatever is wrong with the policies', async () => {
  screen = openScreen({
    columns: 140,
    rows: 30,
    state: sessionState({
      pods: Array.from({ length: 9 }, (_, at) => podRow(`checkout-frontend-7d9f8b6c5d-${at}2xkq`)),
      policies: Array.from({ length: 9 }, (_, at) => policyRow(`allow-from-ingress-controller${at}`)),
    }),
  });
  await screen.settled();
  for (const pane of ['1 Pods', '2 Policies'])
    expect(paneLines(screen.lines(), pane).join('\n')).not.toContain('…');
});

test('where names have no room at all, what tells the pods of a workload apart stays', async () => {
  const names = Array.from({ length: 9 }, (_, at) => `checkout-frontend-7d9f8b6c5d-${at}2xkq`);
  screen = openScreen({
    columns: 120,
    rows: 30,
    state: sessionState({ pods: names.map((at) => podRow(at)) }),
  });
  await screen.settled();
  const table = paneText(screen.lines(), '1 Pods');
  for (const at of [0, 1, 2, 3]) expect(table).toMatch(new RegExp(`checkout-\\S*…-${at}2xkq `));
});
