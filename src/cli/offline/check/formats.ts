import { safeText } from '../../../core/safe-text.ts';
import { portsJson } from '../matrix/formats.ts';
import { isNothing, portsText } from '../reach/port-sets.ts';
import type { CheckFinding, CheckResult } from './judge.ts';

const SIGNS = { met: '✓ met', violated: '✗ violated', undecidable: '? undecidable' } as const;

/** How many findings of one expectation are told in a table; JSON has them all. */
const TOLD = 10;

/** Results for people: a line each, what is wrong below it, and the numbers at the end. */
export function checkText(file: string, results: readonly CheckResult[]): string {
  const lines = results.flatMap((result) => {
    const { name, line } = result.expectation;
    const head = `${SIGNS[result.result].padEnd(14)} ${safeText(name)}   ${file}:${line}`;
    return [head, ...problemsOf(result).map((text) => `               ${text}`)];
  });
  const count = (wanted: CheckResult['result']) => results.filter(({ result }) => result === wanted).length;
  const numbers = `${count('met')} met, ${count('violated')} violated, ${count('undecidable')} undecidable`;
  return `${[...lines, numbers].join('\n')}\n`;
}

/** What is wrong with an expectation, a sentence each; cut where it grows long. */
export function problemsOf({ findings, unmatched }: CheckResult): readonly string[] {
  const told = findings.slice(0, TOLD).map(findingText);
  const more = findings.length > TOLD ? [`and ${findings.length - TOLD} more`] : [];
  return [...unmatched, ...told, ...more];
}

/** Results as data. */
export function checkJson(file: string, results: readonly CheckResult[]): unknown {
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
  };
}

function findingText({ from, to, ports, is, why }: CheckFinding): string {
  const word = { allow: 'is open', deny: 'is closed', undecidable: 'is undecidable' }[is];
  const which = isNothing(ports) ? '' : ` ${portsText(ports)}`;
  return `${from} → ${to}${which} ${word} (${why})`;
}
