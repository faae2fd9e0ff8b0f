import { expect, test } from 'vitest';
import type { AttemptVerdict } from '../../../src/core/traffic/attempt.ts';
import { attemptChanged, attemptColumns, attemptColumnsIn } from '../../../views/columns/attempt-columns.ts';
import { lay, rowLine } from '../../../views/columns/lay.ts';
import { attemptVerdict } from '../../../views/columns/verdict-columns.ts';
import { lineText } from '../../../views/text/span.ts';
import { cellsOf } from '../../helpers/cells.ts';
import { attemptLine, NOW } from '../../helpers/session-state.ts';

test('a dropped attempt says what, where, how often and why', () => {
  expect(cellsOf(attemptColumns, attemptLine({ count: 1234 }))).toEqual({
    age: '1s',
    verdict: '✗ DROP bad',
    source: 'web',
    destination: 'db',
    port: '5432',
    dropped: '1.2k bad',
    passed: '',
    first: '3m0s',
    recent: '▁▂▄██▄▂▁ faint',
    why: 'db-only-api: admits api, not web',
  });
});

test('a name from another namespace than the one in view carries it', () => {
  expect(cellsOf(attemptColumns, attemptLine(), { now: NOW, namespace: 'bank' })).toMatchObject({
    source: 'shop/web',
    destination: 'shop/db',
  });
});

test('a namespace gives way before the name does, and some of it stays as long as it can', () => {
  const context = { now: NOW };
  const shown = (width: number) => {
    const laid = lay(attemptColumnsIn(true), { least: new Map([['source', 12]]), full: new Map() }, width);
    return lineText(rowLine(laid, attemptLine({ from: 'web' }), context));
  };
  expect(shown(80)).toContain(' shop/web ');
  const { row, ...line } = attemptLine({ from: 'checkout' });
  const laid = lay(attemptColumnsIn(true), { least: new Map(), full: new Map() }, 61);
  const far = { ...line, row: { ...row, source: { ...row.source, namespace: 'payments-eu' } } };
  expect(lineText(rowLine(laid, far, context))).toContain('…/checkout');
  const short = { ...far, row: { ...far.row, sourceName: 'api' } };
  expect(lineText(rowLine(laid, short, context))).toContain('paymen…/api');
});

test('where there is no room for the namespace, the name stays', () => {
  const bank = { now: NOW, namespace: 'bank' };
  const laid = lay(attemptColumns, { least: new Map(), full: new Map() }, 61);
  expect(lineText(rowLine(laid, attemptLine({ to: 'frontend' }), bank))).toContain('…/frontend ');
});

test('where evaluator and datapath disagree, the finding takes the place of the reason', () => {
  const line = attemptLine({ differs: 'dropped, although policies allow it' });
  expect(cellsOf(attemptColumns, line).why).toBe('! dropped, although policies allow it warn');
});

test('a port that is not TCP names its protocol; ICMP has none', () => {
  const { row, ...line } = attemptLine({ port: 53 });
  expect(cellsOf(attemptColumns, { ...line, row: { ...row, protocol: 'UDP' } }).port).toBe('53/udp');
  const { port: _, ...noPort } = row;
  expect(cellsOf(attemptColumns, { ...line, row: { ...noPort, protocol: 'ICMP' } }).port).toBe('icmp');
});

test('every verdict has a symbol and a word of its own', () => {
  const all: readonly AttemptVerdict[] = ['allow', 'drop', 'audit', 'l7', 'error', 'pending', 'failed'];
  const texts = all.map((verdict) => attemptVerdict(verdict).text);
  expect(new Set(texts).size).toBe(all.length);
  for (const text of texts) expect(text).toMatch(/^[✓✗?◌→] [A-Z0-9]+$/);
});

test('a row is bold for the second in which its verdict turned', () => {
  const context = { now: NOW };
  expect(attemptChanged(attemptLine({ turned: NOW - 400 }), context)).toBe(true);
  expect(attemptChanged(attemptLine({ turned: NOW - 1000 }), context)).toBe(false);
});
