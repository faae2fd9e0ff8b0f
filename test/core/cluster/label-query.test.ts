import { describe, expect, test } from 'vitest';
import { parseLabelQuery } from '../../../src/core/cluster/label-query.ts';
import type { Labels } from '../../../src/core/cluster/labels.ts';

const PODS: Readonly<Record<string, Labels>> = {
  web: { app: 'web', tier: 'front', rank: '10' },
  db: { app: 'db', 'example.com/team': 'data', rank: '9' },
  old: { app: 'web', legacy: '', rank: 'first' },
  bare: {},
};

function matched(text: string): readonly string[] {
  const query = parseLabelQuery(text);
  if ('problem' in query) throw new Error(query.problem);
  return Object.keys(PODS).filter((name) => query.matches(PODS[name] ?? {}));
}

function problem(text: string): string | undefined {
  const query = parseLabelQuery(text);
  return 'problem' in query ? query.problem : undefined;
}

describe('a label selector as text', () => {
  test.each([
    ['', ['web', 'db', 'old', 'bare']],
    [' \t', ['web', 'db', 'old', 'bare']],
    ['app=web', ['web', 'old']],
    ['app == web', ['web', 'old']],
    ['app!=web', ['db', 'bare']],
    ['app in (web,db)', ['web', 'db', 'old']],
    ['app in(web , db)', ['web', 'db', 'old']],
    ['app notin (web)', ['db', 'bare']],
    ['app notin (web),app', ['db']],
    ['legacy', ['old']],
    ['!legacy', ['web', 'db', 'bare']],
    ['! legacy , app', ['web', 'db']],
    ['legacy=', ['old']],
    ['legacy in ()', ['old']],
    ['legacy in (,x)', ['old']],
    ['tier!=', ['web', 'db', 'old', 'bare']],
    ['example.com/team=data', ['db']],
    ['rank>9', ['web']],
    ['rank < 10', ['db']],
    ['app in (in, notin, web)', ['web', 'old']],
    ['in', []],
  ])('%j matches %j', (text, names) => {
    expect(matched(text)).toEqual(names);
  });

  test.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['app=web,', "found '', expected: identifier after ','"],
    [',app', "found ',', expected: !, identifier, or 'end of string'"],
    ['app in web', "unable to parse requirement: found 'web', expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['app in (a b)', "unable to parse requirement: found 'b', expected: ',' or ')'"],
    ['app=web)', "found ')', expected: ',' or 'end of string'"],
    ['!app=web', "found '=', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a=(b)', "unable to parse requirement: found '(', expected: identifier"],
    [
      'rank>high',
      `unable to parse requirement: Invalid value: "high": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('%j is told: %s', (text, why) => {
    expect(problem(text)).toBe(why);
  });

  test.each(['a$=b', 'a=b$', `a=${'b'.repeat(64)}`, 'a/b/c', '/a'])('%j holds no label', (text) => {
    expect(problem(text)).toMatch(/^unable to parse requirement: Invalid value: "/);
  });
});
