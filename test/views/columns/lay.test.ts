import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attemptColumns } from '../../../views/columns/attempt-columns.ts';
import { choose, lay, measure, rowLine, titleLine } from '../../../views/columns/lay.ts';
import { podColumns } from '../../../views/columns/pod-columns.ts';
import { lineColumns } from '../../../views/text/fit.ts';
import { lineText } from '../../../views/text/span.ts';
import { attemptLine, NOW, podRow } from '../../helpers/session-state.ts';

const context = { now: NOW, namespace: 'shop' };

test('the least important columns go first when there is less room', () => {
  const shown = (width: number) => choose(podColumns(false), width).map(({ id }) => id);
  expect(shown(120)).toEqual(podColumns(false).map(({ id }) => id));
  expect(shown(50)).toEqual(['name', 'ready', 'ip', 'in', 'out']);
  expect(shown(36)).toEqual(['name', 'ready', 'in', 'out']);
  expect(shown(5)).toEqual(['name']);
});

test('which columns are shown depends on the width alone, never on the rows', () => {
  const long = new Map(podColumns(false).map(({ id }) => [id, 60]));
  const ids = (natural: ReadonlyMap<string, number>) =>
    lay(podColumns(false), natural, 60).map(({ column }) => column.id);
  expect(ids(long)).toEqual(ids(new Map()));
});

test('room goes to the most important columns up to their longest cell, the rest to the growing one', () => {
  const widths = Object.fromEntries(
    lay(
      attemptColumns,
      new Map([
        ['source', 12],
        ['why', 40],
      ]),
      100,
    ).map(({ column, width }) => [column.id, width]),
  );
  expect(widths.source).toBe(12);
  expect(widths.destination).toBe(11);
  expect(widths.why).toBeGreaterThan(40);
});

test('numbers stand at the right of their column, names at the left', () => {
  const laid = lay(attemptColumns, new Map(), 70);
  const title = lineText(titleLine(laid));
  const row = lineText(rowLine(laid, attemptLine({ count: 42 }), context));
  expect(row.indexOf('42 ') + 1).toBe(title.indexOf(' N ') + 1);
  expect(row.indexOf('web')).toBe(title.indexOf('SOURCE'));
});

test('a row never takes more than its width, and at most four looks', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '支', '…', '-'), maxLength: 70 });
  fc.assert(
    fc.property(name, name, name, fc.integer({ min: 56, max: 200 }), (from, to, why, width) => {
      const line = attemptLine({ from, to, why });
      const natural = new Map<string, number>();
      measure(attemptColumns, line, context, natural);
      const cells = rowLine(lay(attemptColumns, natural, width), line, context);
      expect(lineColumns(cells)).toBeLessThanOrEqual(width);
      expect(cells.filter(({ tone }, index) => tone !== cells[index - 1]?.tone).length).toBeLessThanOrEqual(
        4,
      );
    }),
  );
});

test('the longest cell seen is remembered', () => {
  const natural = new Map<string, number>();
  expect(measure(podColumns(false), podRow('a-rather-long-name'), context, natural)).toBe(true);
  expect(measure(podColumns(false), podRow('short'), context, natural)).toBe(false);
  expect(natural.get('name')).toBe(18);
});
