import { expect, test } from 'vitest';
import type { Overlay } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { openScreen } from '../../helpers/screen.tsx';
import { grantLine, NOW, sessionState } from '../../helpers/session-state.ts';

async function shown(overlay: Overlay, size = { columns: 120, rows: 30 }) {
  const screen = openScreen({ ...size, state: sessionState({ overlay }) });
  await screen.settled();
  const lines = screen.lines();
  await screen.close();
  return lines;
}

test('quitting with live grants asks what becomes of them', async () => {
  const grants = [grantLine().grant, grantLine(undefined, { id: 'b', destination: 'api' }).grant];
  const text = (await shown({ type: 'quit', grants })).join('\n');
  const end = new Date(NOW + 252_000).toTimeString().slice(0, 8);
  expect(text).toContain('╭ 2 grants are open ');
  expect(text).toMatch(/web → db :5432 +✓ open/);
  expect(text).toContain('r revoke all and quit (enter)');
  expect(text).toContain(`k keep: the cluster ends them at ${end} and ${end}`);
  expect(text).toContain('esc cancel');
  expect(text).toMatch(/│ {2}esc cancel +│$/m);
});

test('going to another context with live grants asks the same, and says where one goes', async () => {
  const grants = [grantLine().grant];
  const text = (await shown({ type: 'quit', grants, target: { context: 'kind-prod' } })).join('\n');
  expect(text).toContain('r revoke it and switch to kind-prod (enter)');
  expect(text).toContain('k keep: the cluster ends it');
});

test('a revoke shows its consequences first', async () => {
  const text = (
    await shown({
      type: 'revoke',
      ids: ['7f3k'],
      title: 'web → db :5432',
      consequences: ['the path closes at once'],
    })
  ).join('\n');
  expect(text).toContain('╭ Revoke ');
  expect(text).toContain('· the path closes at once');
  expect(text).toMatch(/╰ enter revoke {2}esc back ─/);
});

test('extending asks for how long, and says what is wrong with the answer', async () => {
  const text = (
    await shown({
      type: 'extend',
      id: '7f3k',
      title: 'web → db :5432',
      field: textField('9x'),
      problem: '"9x" is not a duration.',
    })
  ).join('\n');
  expect(text).toContain('For another 9x▏');
  expect(text).toContain('✗ "9x" is not a duration.');
});

test('a picker shows what its filter leaves, the item in use, and keeps the cursor in sight', async () => {
  const items = Array.from({ length: 80 }, (_, index) => `shop-${index}`);
  const text = (
    await shown({
      type: 'pick',
      what: 'namespace',
      items,
      current: 'shop-70',
      filter: textField('7'),
      index: 8,
    })
  ).join('\n');
  expect(text).toContain('/7▏');
  expect(text).toContain('▸ shop-71');
  expect(text).toContain('shop-70  ● current');
  expect(text).not.toContain('shop-12');
});

test('detail scrolls, says where it is, and breaks lines that are too long', async () => {
  const lines = Array.from(
    { length: 60 },
    (_, index) => `  key${index}: ${index === 20 ? 'word '.repeat(40) : 'v'}`,
  );
  const text = await shown({ type: 'detail', title: 'Pod shop/web', lines, scroll: 20, loading: false });
  expect(text[1]).toMatch(/^╭ Pod shop\/web ─+╮$/);
  expect(text[2]).toMatch(/^│ {4}key20: word word/);
  expect(text[3]).toMatch(/^│ {4}word word/);
  expect(text[28]).toMatch(/^╰ 21-46 of 61 · PgDn ─+╯$/);
});

test('a scroll past the end shows the end', async () => {
  const text = await shown({ type: 'detail', title: 'x', lines: ['only line'], scroll: 500, loading: false });
  expect(text.join('\n')).toContain('only line');
});

test('the filter counts what matches while it is typed', async () => {
  const screen = openScreen({
    state: sessionState({ overlay: { type: 'filter', pane: 'attempts', field: textField('web') } }),
    visibleRows: (state, pane) => state[pane].filter(({ key }) => pane !== 'attempts' || key.includes('web')),
  });
  await screen.until(' /web▏   3 of 5 match');
  await screen.close();
});

test('help lists the keys of this view and why one cannot be used now', async () => {
  const screen = openScreen({
    columns: 109,
    rows: 90,
    state: sessionState({
      overlay: { type: 'help', of: 'policies', scroll: 0 },
      focus: 'policies',
      grants: [],
    }),
  });
  await screen.until('Keys for policies');
  expect(screen.text()).toMatch(/ g +grant temporary access/);
  expect(screen.text()).toMatch(/ x +revoke a grant.*\(unavailable: no grants are open\)/);
  expect(screen.text()).toMatch(/Sort policies/);
  expect(screen.text()).toMatch(/ K +sort by KIND/);
  expect(screen.text()).toMatch(/Home ctrl-a +first row \(g is grant\); in attempts, the newest/);
  await screen.close();
});
