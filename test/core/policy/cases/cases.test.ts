import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { answerTo, type Case, engineFor, linesOf, rulesOf } from './case.ts';

type CaseFile = { readonly section: string; readonly enforcer: string; readonly cases: readonly Case[] };

const FOLDER = import.meta.dirname;
const WORLD = read<readonly unknown[]>('world.yaml');
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml') && file !== 'world.yaml')
  .sort()
  .map((file) => read<CaseFile>(file));

function read<T>(file: string): T {
  return parse(readFileSync(join(FOLDER, file), 'utf8'), { merge: true }) as T;
}

for (const { section, enforcer, cases } of FILES) {
  describe(section, () => {
    for (const item of cases) {
      test(`${section} rule ${rulesOf(item).join(', ')}: ${item.title}`, () => {
        const engine = engineFor(WORLD, enforcer, item);
        if (item.problem !== undefined) {
          const problems = [...engine.policies()].flatMap((policy) => policy.problems);
          expect(problems.join('\n')).toContain(item.problem);
        }
        for (const { text, want, reason } of linesOf(item)) {
          const verdict = answerTo(engine, text);
          expect({ line: text, verdict: verdict.verdict }).toEqual({ line: text, verdict: want });
          const said = [
            verdict.egress.summary,
            verdict.ingress.summary,
            ...verdict.egress.cannotOpen,
            ...verdict.ingress.cannotOpen,
            ...verdict.assumptions,
          ];
          if (reason !== undefined) expect(said.join('\n')).toContain(reason);
        }
      });
    }
  });
}

/** Every rule of the lists, by section. */
const RULES: Readonly<Record<string, number>> = { '§1': 35, '§2a': 16, '§2b': 12, '§2c': 1 };

describe('the cases', () => {
  const shown = new Map<string, Set<string>>();
  for (const { section, cases } of FILES) {
    for (const item of cases) {
      for (const rule of rulesOf(item)) {
        const key = `${section} ${rule}`;
        const wants = shown.get(key) ?? new Set();
        for (const { want } of linesOf(item)) wants.add(want);
        shown.set(key, wants);
      }
    }
  }

  test.each(Object.entries(RULES))(
    '%s: each of %i rules allows in one case and denies in another',
    (section, last) => {
      const rules = Array.from({ length: last }, (_, index) => `${section} ${index + 1}`);
      const missing = rules.flatMap((rule) =>
        ['allow', 'deny']
          .filter((want) => shown.get(rule)?.has(want) !== true)
          .map((want) => `${rule} ${want}`),
      );
      expect(missing).toEqual([]);
    },
  );

  test('there are more than 120 of Cilium', () => {
    const count = FILES.filter(({ section }) => section === '§2a').flatMap(({ cases }) => cases).length;
    expect(count).toBeGreaterThanOrEqual(120);
  });

  test.each([
    ['cluster-mesh', 10],
    ['CIDR group', 11],
    ['toFQDNs', 12],
    ['toGroups', 12],
    ['rules on requests', 13],
    ['mutual authentication', 13],
    ['fromNodes', 14],
    ['a baseline accept', 16],
    ['networks in the cluster', 16],
  ])('what is contested or not known of Cilium is undecidable with its reason: %s', (_, rule) => {
    const lines = FILES.filter(({ section }) => section === '§2a')
      .flatMap(({ cases }) => cases.filter((item) => rulesOf(item).includes(rule)))
      .flatMap(linesOf)
      .filter(({ want }) => want === 'undecidable');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter(({ reason }) => reason === undefined)).toEqual([]);
  });
});
