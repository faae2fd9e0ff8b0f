import { describe, expect, test } from 'vitest';
import { filterProblem, parseFilter, type Searchable } from '../../src/session/rows/visible-rows.ts';

const rows: readonly Searchable[] = [
  { text: 'shop/web-1 Running 10.0.0.1 in:open out:iso', labels: { app: 'web', tier: 'front' } },
  { text: 'shop/db-0 Running 10.0.0.2 in:? out:?', labels: { app: 'db' } },
  { text: 'ops/web-admin CrashLoopBackOff 10.0.0.3 in:open out:admin', labels: { app: 'web', legacy: '' } },
];
const kept = (filter: string) => rows.filter(parseFilter(filter)).map(({ text }) => text.split(' ')[0]);

describe('a filter', () => {
  test.each([
    ['', ['shop/web-1', 'shop/db-0', 'ops/web-admin']],
    ['web', ['shop/web-1', 'ops/web-admin']],
    ['WEB', ['shop/web-1', 'ops/web-admin']],
    ['^shop', ['shop/web-1', 'shop/db-0']],
    ['web-\\d', ['shop/web-1']],
    ['!web', ['shop/db-0']],
    ['-l app=web', ['shop/web-1', 'ops/web-admin']],
    ['-l app=web,tier!=front', ['ops/web-admin']],
    ['-l legacy', ['ops/web-admin']],
    ['-l !legacy', ['shop/web-1', 'shop/db-0']],
    ['-l app in (web,db)', ['shop/web-1', 'shop/db-0', 'ops/web-admin']],
    ['-l app in (web),tier notin (front)', ['ops/web-admin']],
    ['-l app notin (web)', ['shop/db-0']],
    ['!-l app notin (web)', ['shop/web-1', 'ops/web-admin']],
    ['-l app in (web', []],
    ['!-l app in (web', []],
    ['-f wbadm', ['ops/web-admin']],
    ['!-l app=web', ['shop/db-0']],
    ['in:?', ['shop/db-0']],
    ['in:o', ['shop/web-1', 'ops/web-admin']],
    ['!in:?', ['shop/web-1', 'ops/web-admin']],
    ['in:bogus', []],
  ])('%j keeps %j', (filter, names) => {
    expect(kept(filter)).toEqual(names);
  });

  test('half a regular expression is taken literally while it is typed', () => {
    expect(kept('web-(')).toEqual([]);
    expect(parseFilter('a[')({ text: 'xa[y' })).toBe(true);
  });

  test.each([
    ['-l app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['!-l app=web)', "found ')', expected: ',' or 'end of string'"],
    [
      '-l a$',
      "unable to parse requirement: Invalid value: \"a$\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    ],
    ['-l app in (web)', undefined],
    ['web-(', undefined],
    ['in:bogus', '"bogus" is not open, iso, admin, mixed or ?'],
    ['!out:opn', '"opn" is not open, iso, admin, mixed or ?'],
    ['out:op', undefined],
    ['in:?', undefined],
    ['inside', undefined],
  ])('%j has the problem: %s', (filter, problem) => {
    expect(filterProblem(filter)).toBe(problem);
  });
});
