import { safeText } from '../../../core/safe-text.ts';
import { problemsOf } from './formats.ts';
import type { CheckResult } from './judge.ts';

/**
 * Results as JUnit XML, which every CI system reads: a test case for each expectation. What is undecidable is an
 * error, as a test that could not be run.
 */
export function junitOf(file: string, results: readonly CheckResult[]): string {
  const count = (wanted: CheckResult['result']) => results.filter(({ result }) => result === wanted).length;
  const totals = `tests="${results.length}" failures="${count('violated')}" errors="${count('undecidable')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sluice check" ${totals}>`,
    `  <testsuite name="${xml(file)}" ${totals}>`,
    ...results.flatMap((result) => caseOf(file, result)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(file: string, result: CheckResult): readonly string[] {
  const { name, kind, line } = result.expectation;
  const start = `    <testcase name="${xml(name)}" classname="${kind}" file="${xml(file)}" line="${line}"`;
  if (result.result === 'met') return [`${start}/>`];
  const tag = result.result === 'violated' ? 'failure' : 'error';
  const problems = problemsOf(result);
  const [first = result.result] = problems;
  return [
    `${start}>`,
    `      <${tag} message="${xml(first)}" type="${result.result}">${xml(problems.join('\n'))}</${tag}>`,
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

/** Escaped, and without what XML 1.0 can't hold (§2.2). */
function xml(text: string): string {
  const lines = text.split('\n').map((line) => safeText(line, 4_000));
  return lines.join('\n').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
