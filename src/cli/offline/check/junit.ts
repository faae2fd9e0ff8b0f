import { safeText } from '../../../core/safe-text.ts';
import type { CheckCase } from './cases.ts';

/**
 * Results as JUnit XML, which every CI system reads: a test case for each. What is undecidable is an error, as a test
 * that could not be run.
 */
export function junitOf(file: string, cases: readonly CheckCase[]): string {
  const count = (wanted: CheckCase['result']) => cases.filter(({ result }) => result === wanted).length;
  const totals = `tests="${cases.length}" failures="${count('violated')}" errors="${count('undecidable')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sluice check" ${totals}>`,
    `  <testsuite name="${xml(file)}" ${totals}>`,
    ...cases.flatMap(elementOf),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function elementOf({ name, kind, file, line, result, problems }: CheckCase): readonly string[] {
  const start = `    <testcase name="${xml(name)}" classname="${kind}" file="${xml(file)}" line="${line}"`;
  if (result === 'met') return [`${start}/>`];
  const tag = result === 'violated' ? 'failure' : 'error';
  const [first = result] = problems;
  return [
    `${start}>`,
    `      <${tag} message="${xml(first)}" type="${result}">${xml(problems.join('\n'))}</${tag}>`,
    '    </testcase>',
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escaped, and without what XML can't hold (XML 1.0 §2.2). */
function xml(text: string): string {
  const lines = text.split('\n').map((line) => safeText(line, 4_000));
  return lines.join('\n').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
