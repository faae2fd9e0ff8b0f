import { expect, test } from 'vitest';
import { PANES, type Scope, TEXT_SCOPES } from '../../../views/keys/binding.ts';
import { BINDINGS, bindingFor } from '../../../views/keys/bindings.ts';
import { HABITS, unboundText } from '../../../views/keys/habits.ts';
import { bindingsAsMarkdown } from '../../../views/keys/markdown.ts';
import { helpContent } from '../../../views/overlays/help.ts';
import { lineText } from '../../../views/text/span.ts';
import { sessionState } from '../../helpers/session-state.ts';

const SCOPES: readonly Scope[] = [...new Set(BINDINGS.flatMap(({ scopes }) => scopes))];

test('no key means two things in one place, but where a state decides', () => {
  for (const scope of SCOPES) {
    const always = BINDINGS.filter(({ scopes, when }) => scopes.includes(scope) && when === undefined);
    const keys = always.flatMap((binding) => binding.keys);
    expect(
      keys.filter((key, index) => keys.indexOf(key) !== index),
      scope,
    ).toEqual([]);
  }
});

test('ids are unique', () => {
  const ids = BINDINGS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('where text is typed, no printable key is taken', () => {
  const printable = BINDINGS.filter(({ scopes }) => scopes.some((scope) => TEXT_SCOPES.includes(scope)))
    .flatMap(({ keys }) => keys)
    .filter((key) => [...key].length === 1);
  expect(printable).toEqual([]);
});

test('esc leads one step back from everywhere', () => {
  for (const scope of SCOPES)
    expect(bindingFor('esc', scope, sessionState())?.id, scope).toMatch(/back|close|stay/);
});

test('g grants in every pane, and the first row has keys of its own', () => {
  for (const pane of PANES) {
    expect(bindingFor('g', pane, sessionState())?.id).toBe('grant');
    expect(bindingFor('home', pane, sessionState())?.id).toBe('first');
    expect(bindingFor('G', pane, sessionState())?.id).toBe('last');
  }
});

test('the table prints as Markdown with every binding in it', () => {
  const text = bindingsAsMarkdown();
  expect(text).toContain(
    '| `g` | grant temporary access: the attempt under the cursor, or the marked pair | anywhere |',
  );
  expect(text).toContain('| `↑` `ctrl-p` | one item up | pick |');
  expect(text.split('\n').filter((line) => line.startsWith('| `'))).toHaveLength(BINDINGS.length);
});

test('what a key of other tools means is said only where it is not bound', () => {
  const bound = Object.keys(HABITS).map(
    (key) =>
      [key, PANES.filter((focus) => bindingFor(key, focus, sessionState({ focus })) !== undefined)] as const,
  );
  expect(Object.fromEntries(bound.filter(([, panes]) => panes.length > 0))).toEqual({
    h: ['grants'],
    v: ['attempts'],
    w: ['pods', 'attempts'],
    p: ['pods', 'attempts', 'grants'],
  });
  for (const focus of PANES)
    for (const key of ['h', 'w', 'p'])
      expect(unboundText(key, sessionState({ focus }))).toMatch(new RegExp(`^${key}: \\S`));
});

test('the help tells letters that mean something else in k9s, lazygit or vi', () => {
  const state = sessionState({ overlay: { type: 'help', of: 'pods', scroll: 0 } });
  const lines = helpContent({ type: 'help', of: 'pods', scroll: 0 }, state).lines(200).map(lineText);
  const text = lines.join('\n');
  expect(text).toContain('Other than in k9s, lazygit and vi');
  for (const other of ['describe', 'shell', 'attach', 'previous logs', 'node', 'left', 'first row'])
    expect(text).toContain(other);
});
