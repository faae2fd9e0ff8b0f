import { expect, test } from 'vitest';
import type { Verdict } from '../../../src/core/policy/model/verdict.ts';
import type { PathState } from '../../../src/session/state/session-state.ts';
import { pathLine } from '../../../views/screens/path-line.ts';
import { lineColumns } from '../../../views/text/fit.ts';
import { lineText } from '../../../views/text/span.ts';
import { half, sessionState } from '../../helpers/session-state.ts';

const bothDenied: Verdict = {
  verdict: 'deny',
  egress: half({ verdict: 'deny', summary: 'cart-egress admits app=api, not app=cache' }),
  ingress: half({ verdict: 'deny', summary: 'cache-from-search admits app=search, not app=cart' }),
  assumptions: [],
};

function line(columns: number, change: Partial<PathState> = {}, focus: 'pods' | 'attempts' = 'attempts') {
  const { path } = sessionState();
  return pathLine(sessionState({ focus, path: { ...path, ...change } }), columns);
}

test.each([60, 80, 100, 120, 200])(
  'at %i columns both halves are there, and nothing hangs over',
  (columns) => {
    const shown = line(columns, { verdict: bothDenied, sourceName: 'a-cart-with-a-rather-long-name' });
    expect(lineColumns(shown)).toBeLessThanOrEqual(columns);
    expect(lineText(shown)).toMatch(
      columns < 120 ? /out ✗.* {2}in ✗/ : /egress ✗ cart-egress.* ingress ✗ cache-from/,
    );
  },
);

test('one half gets the room that the other does not need', () => {
  expect(lineText(line(80))).toMatch(
    /^ web → db :5432\/tcp {2}out ✓ {2}in ✗ db-only-api: admits api, not web +g grant $/,
  );
  expect(lineText(line(60))).toBe(' web → db :5432/tcp  out ✓  in ✗ db-only-api: admits api, n…');
});

test('a marked path says that it is one, in every pane', () => {
  expect(lineText(line(120, { marked: true }, 'pods'))).toMatch(/^ ● marked {2}web → db/);
  expect(lineText(line(80, { marked: true }))).toMatch(/^ ● web → db/);
});

test('without a path each pane says how to get one', () => {
  const empty = (focus: 'pods' | 'policies' | 'attempts') =>
    lineText(pathLine(sessionState({ path: {}, focus }), 120));
  expect(empty('pods')).toContain('s marks this pod as source');
  expect(empty('policies')).toContain('mark source (s) and destination (d) in pods (1) or attempts (3)');
});

test('where an end is not of the namespace in view, it carries its own as long as there is room', () => {
  const { cluster, path } = sessionState();
  const { namespace: _, ...all } = cluster;
  const far = (columns: number) => lineText(pathLine(sessionState({ cluster: all, path }), columns));
  expect(far(120)).toContain('shop/web → shop/db :5432/tcp');
  expect(far(60)).toMatch(/^ (shop\/)?web → /);
});
