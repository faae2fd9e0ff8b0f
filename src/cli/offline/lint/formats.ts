import { plural } from '../../../core/plural.ts';
import { safeText } from '../../../core/safe-text.ts';
import { policyText } from '../explain/policy-edit.ts';
import type { LintRule, PlacedFinding } from './findings.ts';

/** Findings for people: what, where, and what to do; how many of each sort at the end. */
export function findingsText(findings: readonly PlacedFinding[], policies: number): string {
  const lines = findings.flatMap(({ id, severity, policy, text, fix, place }) => {
    const where = place === undefined ? '' : `   ${safeText(place.file)}:${place.line}`;
    return [
      `${severity.padEnd(8)} ${policyText(policy)}   ${id}${where}`,
      `         ${text}`,
      `         ${fix}`,
    ];
  });
  return `${[...lines, summaryOf(findings, policies)].join('\n')}\n`;
}

/** What is looked for, aligned. */
export function rulesText(rules: readonly LintRule[]): string {
  const width = Math.max(...rules.map(({ id }) => id.length));
  const lines = rules.flatMap(({ id, severity, title, source }) => [
    `${severity.padEnd(8)} ${id.padEnd(width)}   ${title}`,
    `${' '.repeat(width + 12)}${source}`,
  ]);
  return `${lines.join('\n')}\n`;
}

function summaryOf(findings: readonly PlacedFinding[], policies: number): string {
  const among = plural(policies, 'policy', 'policies');
  if (findings.length === 0) return `No mistakes found in ${among}.`;
  const counts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  return `${findings.length} found in ${among}: ${counts.join(', ')}.`;
}
