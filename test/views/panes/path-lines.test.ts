import { expect, test } from 'vitest';
import type { Verdict } from '../../../src/core/policy/model/verdict.ts';
import type { PathState, SessionState } from '../../../src/session/state/session-state.ts';
import { pathFoot, pathLines, pathTitle } from '../../../views/panes/path-lines.ts';
import { lineColumns } from '../../../views/text/fit.ts';
import { type Line, lineText } from '../../../views/text/span.ts';
import { attemptLine, half, sessionState } from '../../helpers/session-state.ts';

const EGRESS = 'cart-egress admits app=api, not app=cache';
const INGRESS = 'cache-from-search admits app=search, not app=cart';
const bothDenied: Verdict = {
  verdict: 'deny',
  egress: half({ verdict: 'deny', summary: EGRESS }),
  ingress: half({ verdict: 'deny', summary: INGRESS }),
  assumptions: [],
};

function stateOf(change: Partial<PathState> = {}, more: Partial<SessionState> = {}): SessionState {
  const { path } = sessionState();
  return sessionState({ ...more, path: { ...path, ...change } });
}

const textOf = (lines: readonly Line[]) => lines.map(lineText).join(' ').replace(/\s+/g, ' ');

test.each([60, 80, 100, 119])(
  'below a table of %i columns both reasons are whole in three lines',
  (columns) => {
    const foot = pathFoot(
      stateOf({ verdict: bothDenied, sourceName: 'cart', destinationName: 'cache' }),
      columns,
      3,
    );
    expect(foot.length).toBeLessThanOrEqual(3);
    for (const line of foot) expect(lineColumns(line)).toBeLessThanOrEqual(columns);
    if (columns > 60) expect(textOf(foot)).toContain(EGRESS);
    if (columns > 60) expect(textOf(foot)).toContain(INGRESS);
    expect(textOf(foot)).toMatch(/egress ✗.*ingress ✗/);
  },
);

test('where reasons have no room, the signs of both halves stay, and the cut is shown', () => {
  const verdict = { ...bothDenied, ingress: half({ verdict: 'deny', summary: 'word '.repeat(60).trim() }) };
  const foot = pathFoot(stateOf({ verdict, sourceName: 'a-cart-with-a-rather-long-name' }), 60, 3);
  expect(foot).toHaveLength(3);
  expect(lineText(foot[0] ?? [])).toMatch(/egress ✗ {2}ingress ✗$/);
  expect(lineText(foot[2] ?? [])).toMatch(/…$/);
});

test('a path pane has every reason whole, wrapped', () => {
  const lines = pathLines(stateOf({ verdict: bothDenied }), undefined, 38);
  for (const line of lines) expect(lineColumns(line)).toBeLessThanOrEqual(38);
  expect(textOf(lines)).toContain(`egress ✗ ${EGRESS} ingress ✗ ${INGRESS} next g grant e explain`);
});

test('the path of an attempt says what was seen of it', () => {
  const lines = pathLines(stateOf(), attemptLine({ count: 42 }).row, 100);
  expect(textOf(lines)).toContain(
    'seen 42 of 42 attempts dropped, last 1s ago on node-a, node-b: Policy denied',
  );
  const allowed = pathLines(stateOf(), attemptLine({ verdict: 'allow', count: 1 }).row, 100);
  expect(textOf(allowed)).toContain('seen 1 attempt, last 1s ago on node-a, node-b');
});

test('a marked path says that it is one, in every pane', () => {
  const marked = stateOf({ marked: true }, { focus: 'pods' });
  expect(textOf([pathTitle(marked).title])).toContain('● marked');
  expect(textOf(pathFoot(marked, 80, 3))).toMatch(/^ ● marked web → db/);
});

test('a verdict that holds for some of the pods says so', () => {
  expect(textOf([pathTitle(stateOf({ inPart: true })).right])).toBe('✗ deny in part');
  expect(textOf(pathLines(stateOf({ inPart: true }), undefined, 80))).toContain(
    'ingress ✗ in part: db-only-api',
  );
});

test('without a path each pane says how to get one', () => {
  const empty = (focus: 'pods' | 'policies' | 'attempts') =>
    textOf(pathLines(sessionState({ path: {}, focus }), undefined, 40));
  expect(empty('pods')).toContain('s marks this pod as source');
  expect(empty('policies')).toContain('mark source (s) and destination (d) in pods (1) or attempts (3)');
  expect(textOf(pathFoot(sessionState({ path: {} }), 80, 3))).toContain('no path yet');
});

test('where an end is not of the namespace in view, it carries its own', () => {
  const { cluster } = sessionState();
  const { namespace: _, ...all } = cluster;
  const far = stateOf({}, { cluster: all });
  expect(textOf(pathLines(far, undefined, 60))).toContain('shop/web → shop/db :5432/tcp');
  expect(textOf(pathFoot(far, 60, 3))).toMatch(/^ shop\/web → /);
});
