import { expect, test } from 'vitest';
import { explainText } from '../../../src/core/policy/explain/explain-text.ts';
import type { Verdict } from '../../../src/core/policy/model/verdict.ts';
import type { Overlay, SessionState } from '../../../src/session/state/session-state.ts';
import { contentOf } from '../../../views/overlays/overlay-panel.ts';
import { lineText } from '../../../views/text/span.ts';
import { attemptLine, deniedVerdict, half, NOW, sessionState } from '../../helpers/session-state.ts';

type Explain = Extract<Overlay, { type: 'explain' }>;

function explained(
  change: Partial<Explain> = {},
  state: SessionState = sessionState(),
  columns = 116,
): readonly string[] {
  const overlay: Explain = {
    type: 'explain',
    title: 'web → db :5432/tcp',
    verdict: deniedVerdict(),
    names: { from: 'web', to: 'db' },
    scroll: 0,
    at: NOW,
    ...change,
  };
  return (
    contentOf({ ...state, overlay })
      ?.lines(columns)
      .map(lineText) ?? []
  );
}

test('both halves, the policies with their rules, what was seen, and the way out', () => {
  expect(explained({ attempt: attemptLine() })).toEqual([
    'egress of web       ✓ allow   not isolated: no policy selects web for egress',
    'ingress of db       ✗ deny   isolated by default-deny',
    '  NetworkPolicy shop/db-only-api',
    '    rule 1 admits pods app=api · tcp 5432',
    '      misses by peer: web has app=web',
    '      edit: add app=web to rule 1',
    '  NetworkPolicy shop/default-deny',
    '    admits nothing',
    'assuming            enforcer cilium',
    'seen by Hubble      ✗ DROP  Policy denied, 42 attempts in 2m59s, 42 dropped, last 1s ago on node-b',
    '',
    'To open it          g: temporary grant · Y: permanent policy for Git',
  ]);
});

test('what sockets show comes with how far to trust it', () => {
  const line = attemptLine();
  const newest = { ...line.row.newest, seen: 'socket' as const, tries: 3 };
  const lines = explained({ attempt: { ...line, row: { ...line.row, newest } } });
  const said = lines.findIndex((text) => text.startsWith('seen in sockets'));
  expect(lines[said + 1]).toMatch(/^ {2}likely +The first packet was retransmitted/);
});

test('it says what the verb says', () => {
  const words = (lines: readonly string[]) => lines.join(' ').replace(/\s+/g, ' ');
  const verb = explainText(deniedVerdict(), { from: 'web', to: 'db' }).filter(
    (line) => !/^assuming/.test(line),
  );
  expect(words(explained())).toContain(words(verb));
});

test('if parts of a path differ, each is shown, and which one the halves describe', () => {
  const lines = explained({
    parts: [
      { verdict: 'deny', text: 'shop/web-0 → db tcp 5432', why: 'db-only-api admits app=api' },
      { verdict: 'allow', text: 'shop/web-1 → db tcp 5432', why: 'admitted by db-only-api' },
    ],
    shown: 'why shop/web-0 → shop/db-0 tcp 5432:',
    notes: ['db is an ExternalName'],
  });
  expect(lines.slice(0, 6)).toEqual([
    '  ✗ deny  shop/web-0 → db tcp 5432',
    '      db-only-api admits app=api',
    '  ✓ allow  shop/web-1 → db tcp 5432',
    '      admitted by db-only-api',
    '',
    'why shop/web-0 → shop/db-0 tcp 5432:',
  ]);
  expect(lines).toContain('note                db is an ExternalName');
});

test('what no grant can open is named, and no grant is offered', () => {
  const verdict: Verdict = {
    ...deniedVerdict(),
    ingress: half({
      verdict: 'deny',
      isolated: true,
      summary: 'pci-deny denies it',
      cannotOpen: [
        'CiliumClusterwideNetworkPolicy pci-deny denies it; a NetworkPolicy never overrides a deny',
      ],
      deciders: [
        {
          kind: 'AdminNetworkPolicy',
          name: 'pci',
          direction: 'ingress',
          ruleIndex: 1,
          action: 'deny',
          tier: 'admin',
          priority: 5,
          text: 'rule 2 denies all',
        },
      ],
    }),
  };
  const text = explained({ verdict }).join('\n');
  expect(text).toContain('  AdminNetworkPolicy pci · admin tier, priority 5\n    rule 2 denies all');
  expect(text).toContain('✗ no grant can open it');
  expect(text).toContain('ask the owner of the policy above');
  expect(text).not.toContain('g: temporary grant');
});

test('an open path offers nothing, and a finding is marked', () => {
  const verdict: Verdict = { verdict: 'allow', egress: half(), ingress: half(), assumptions: [] };
  const differs = 'dropped, although policies allow it';
  const text = explained({ verdict, attempt: attemptLine({ differs }) }).join('\n');
  expect(text).not.toContain('To open it');
  expect(text).toMatch(/! mismatch +dropped, although policies allow it/);
});

test('without a verdict the problem is said', () => {
  const { verdict: _, ...overlay }: Explain = {
    type: 'explain',
    title: 'x',
    verdict: deniedVerdict(),
    problem: 'db has no running pods',
    scroll: 0,
    at: NOW,
  };
  const lines = contentOf({ ...sessionState(), overlay })
    ?.lines(80)
    .map(lineText);
  expect(lines).toEqual(['not evaluated       db has no running pods']);
});

test('on a narrow screen sentences wrap beside their label and nothing is lost', () => {
  const lines = explained({ attempt: attemptLine() }, sessionState(), 55);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(55);
  expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('misses by peer: web has app=web');
});
