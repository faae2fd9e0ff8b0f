import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attemptColumns } from '../../../views/columns/attempt-columns.ts';
import {
  choose,
  lay,
  measure,
  type Natural,
  restLines,
  rowLine,
  titleLine,
} from '../../../views/columns/lay.ts';
import { podColumns } from '../../../views/columns/pod-columns.ts';
import { policyColumns } from '../../../views/columns/policy-columns.ts';
import { wished } from '../../../views/columns/wishes.ts';
import { lineColumns } from '../../../views/text/fit.ts';
import { lineText } from '../../../views/text/span.ts';
import { attemptLine, NOW, podRow, policyRow } from '../../helpers/session-state.ts';

const usual = wished(attemptColumns, {});
const context = { now: NOW, namespace: 'shop' };
const natural = (widths: Readonly<Record<string, number>>): Natural => ({
  least: new Map(Object.entries(widths)),
  full: new Map(Object.entries(widths)),
});

test('the least important columns go first when there is less room', () => {
  const shown = (width: number) => choose(podColumns(false), width).map(({ id }) => id);
  expect(shown(120)).toEqual(podColumns(false).map(({ id }) => id));
  expect(shown(50)).toEqual(['name', 'ready', 'status', 'in', 'out']);
  expect(shown(39)).toEqual(['name', 'status', 'in', 'out']);
  expect(shown(36)).toEqual(['name', 'in', 'out']);
  expect(shown(5)).toEqual(['name']);
});

test('a column that only informs goes where other cells would be cut, one that matters stays', () => {
  const ids = (longest: number, width: number) => {
    const natural = new Map([['name', longest]]);
    return lay(podColumns(false), { least: natural, full: natural }, width).map(({ column }) => column.id);
  };
  expect(ids(16, 70)).toEqual(['name', 'ready', 'status', 'ip', 'age', 'in', 'out']);
  expect(ids(24, 70)).toEqual(['name', 'ready', 'status', 'ip', 'in', 'out']);
  expect(ids(36, 70)).toEqual(['name', 'ready', 'status', 'in', 'out']);
  expect(ids(48, 70)).toEqual(['name', 'in', 'out']);
  const why = new Map([
    ['source', 40],
    ['destination', 40],
    ['why', 200],
  ]);
  expect(lay(usual, { least: why, full: why }, 130).map(({ column }) => column.id)).toEqual(
    usual.map(({ id }) => id).filter((id) => id !== 'recent'),
  );
});

test('room goes to the most important columns up to their longest cell, the rest to the growing one', () => {
  const widths = Object.fromEntries(
    lay(usual, natural({ source: 12, why: 40 }), 100).map(({ column, width }) => [column.id, width]),
  );
  expect(widths.source).toBe(12);
  expect(widths.destination).toBe(11);
  expect(widths.why).toBe(100 - 4 - 8 - 13 - 13 - 7 - 5 - 5 - 2);
});

test('numbers stand at the right of their column, names at the left', () => {
  const laid = lay(usual, natural({}), 100);
  const title = lineText(titleLine(laid));
  const row = lineText(rowLine(laid, attemptLine({ count: 42 }), context));
  expect(row.indexOf('42 ') + 1).toBe(title.indexOf('✗'));
  expect(row.indexOf('web')).toBe(title.indexOf('SOURCE'));
});

test('a row never takes more than its width, and at most six looks', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '支', '…', '-'), maxLength: 70 });
  fc.assert(
    fc.property(name, name, name, fc.integer({ min: 56, max: 200 }), (from, to, why, width) => {
      const line = attemptLine({ from, to, why });
      const longest = natural({});
      measure(usual, line, context, longest);
      const cells = rowLine(lay(usual, longest, width), line, context);
      expect(lineColumns(cells)).toBeLessThanOrEqual(width);
      expect(cells.filter(({ tone }, index) => tone !== cells[index - 1]?.tone).length).toBeLessThanOrEqual(
        6,
      );
    }),
  );
});

test('the longest cell seen is remembered', () => {
  const longest = natural({});
  expect(measure(podColumns(false), podRow('a-rather-long-name'), context, longest)).toBe(true);
  expect(measure(podColumns(false), podRow('short'), context, longest)).toBe(false);
  expect(longest.full.get('name')).toBe(18);
});

test('where there are lines to spare, a reason that does not fit goes on below its column', () => {
  const line = attemptLine({ why: 'api-from-web admits app=web or app=cart, not app=prometheus' });
  const laid = lay(usual, natural({}), 100);
  const first = lineText(rowLine(laid, line, context, true));
  const rest = restLines(laid, line, context).map(lineText);
  expect(rest).toHaveLength(1);
  expect(`${first.trimEnd().split('  ').at(-1)?.trim()} ${rest[0]?.trim()}`).toBe(line.why);
  expect(rest[0]?.search(/\S/)).toBe(lineText(titleLine(laid)).indexOf('WHY'));
  expect(restLines(laid, attemptLine({ why: 'short' }), context)).toEqual([]);
});

test('a name that does not fit goes on below it, too, with its own tone', () => {
  const row = policyRow('allow-from-ingress-controller');
  const laid = lay(policyColumns(false), natural({ name: 12 }), 30);
  expect(lineText(rowLine(laid, row, context, true))).toMatch(/^allow-from- +IN/);
  expect(restLines(laid, row, context).map((line) => lineText(line).trimEnd())).toEqual([
    'ingress-',
    'controller',
  ]);
});

test('a column that was asked for is dropped last, but for those that say which row it is', () => {
  const ids = (width: number, wishes: Readonly<Record<string, boolean>>) =>
    choose(wished(podColumns(false), wishes), width).map(({ id }) => id);
  expect(ids(30, { node: true })).toEqual(['name', 'node']);
  expect(ids(40, { node: true, ip: true })).toEqual(['name', 'ip']);
  expect(ids(27, { node: true })).toEqual(['name']);
  expect(ids(120, { node: false, status: false })).toEqual([
    ...['name', 'ready', 'ip', 'restarts', 'age', 'in', 'out'],
  ]);
});

test('a cell that would be cut does not drop a column that was asked for', () => {
  const longest = new Map([['name', 60]]);
  const ids = choose(wished(podColumns(false), { age: true }), 60, longest).map(({ id }) => id);
  expect(ids).toEqual(['name', 'age', 'in', 'out']);
});

test('a table never loses all its columns', () => {
  const none = Object.fromEntries(podColumns(false).map(({ id }) => [id, false]));
  expect(wished(podColumns(false), none).map(({ id }) => id)).toEqual(['name']);
});
