import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { familyOf, rulesIn } from '../../../helpers/rules.ts';
import { answerTo, type Case, engineFor, linesOf, rulesOf } from './case.ts';

type CaseFile = { readonly file: string; readonly enforcer: string; readonly cases: readonly Case[] };

const FOLDER = import.meta.dirname;
const WORLD = read<readonly unknown[]>('world.yaml');
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml') && file !== 'world.yaml')
  .sort()
  .map((file): CaseFile => ({ ...read<Omit<CaseFile, 'file'>>(file), file }));
const CASES = FILES.flatMap(({ cases }) => cases);

function read<T>(file: string): T {
  return load(readFileSync(join(FOLDER, file), 'utf8'), { schema: CORE_SCHEMA.withTags(mergeTag) }) as T;
}

for (const { file, enforcer, cases } of FILES) {
  describe(file, () => {
    for (const item of cases) {
      test(`${rulesOf(item).join(', ')}: ${item.title}`, () => {
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

/** Families of rules of which each must be shown to allow and to deny. */
const SHOWN = ['NP', 'CIL', 'ANP', 'EXT'];
const RULES = rulesIn('docs/rules').map(({ id }) => id);

describe('the cases', () => {
  const shown = new Map<string, Set<string>>();
  for (const item of CASES) {
    for (const rule of rulesOf(item)) {
      const wants = shown.get(rule) ?? new Set();
      for (const { want } of linesOf(item)) wants.add(want);
      shown.set(rule, wants);
    }
  }

  test.each(SHOWN)('each rule of %s allows in one case and denies in another', (family) => {
    const rules = RULES.filter((id) => familyOf(id) === family);
    const missing = rules.flatMap((rule) =>
      ['allow', 'deny']
        .filter((want) => shown.get(rule)?.has(want) !== true)
        .map((want) => `${rule} ${want}`),
    );
    expect(rules).not.toEqual([]);
    expect(missing).toEqual([]);
  });

  test('each shows rules that exist', () => {
    expect([...shown.keys()].filter((rule) => !RULES.includes(rule))).toEqual([]);
  });

  test('there are more than 120 of Cilium', () => {
    const cases = CASES.filter((item) => rulesOf(item).some((rule) => familyOf(rule) === 'CIL'));
    expect(cases.length).toBeGreaterThanOrEqual(120);
  });

  test.each([
    ['cluster-mesh', 'CIL-10'],
    ['a pod without an address', 'CIL-11'],
    ['rules on requests', 'CIL-18'],
    ['toFQDNs', 'CIL-20'],
    ['CIDR groups', 'CIL-22'],
    ['toGroups and mutual authentication', 'CIL-23'],
    ['fromNodes', 'CIL-14'],
    ['baseline accepts, and networks in the cluster', 'CIL-16'],
  ])('what is contested or not known of Cilium is undecidable with its reason: %s', (_, rule) => {
    const lines = CASES.filter((item) => rulesOf(item).includes(rule))
      .flatMap(linesOf)
      .filter(({ want }) => want === 'undecidable');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter(({ reason }) => reason === undefined)).toEqual([]);
  });
});
