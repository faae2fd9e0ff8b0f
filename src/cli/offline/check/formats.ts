import { safeText } from '../../../core/safe-text.ts';
import { type RefusedObject, refusalJson } from '../manifests/refused.ts';
import { portsJson } from '../matrix/formats.ts';
import type { CheckCase } from './cases.ts';
import type { CheckResult } from './judge.ts';

const SIGNS = { met: '✓ met', violated: '✗ violated', undecidable: '? undecidable' } as const;

/** Results for people: a line each, what is wrong below it, and the numbers at the end. */
export function checkText(cases: readonly CheckCase[]): string {
  const lines = cases.flatMap(({ name, file, line, result, problems }) => [
    `${SIGNS[result].padEnd(14)} ${safeText(name)}   ${file}:${line}`,
    ...problems.map((text) => `               ${text}`),
  ]);
  const count = (wanted: CheckCase['result']) => cases.filter(({ result }) => result === wanted).length;
  const numbers = `${count('met')} met, ${count('violated')} violated, ${count('undecidable')} undecidable`;
  return `${[...lines, numbers].join('\n')}\n`;
}

/** Results as data. */
export function checkJson(
  file: string,
  results: readonly CheckResult[],
  refused: readonly RefusedObject[],
): unknown {
  return {
    file,
    expectations: results.map(
      ({ expectation: { name, kind, line }, result, pairs, findings, unmatched }) => ({
        name,
        kind,
        line,
        result,
        pairs,
        findings: findings.map((finding) => ({ ...finding, ports: portsJson(finding.ports) })),
        unmatched,
      }),
    ),
    refused: refused.map(refusalJson),
  };
}
