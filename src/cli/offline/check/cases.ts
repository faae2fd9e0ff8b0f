import { isNothing, portsText } from '../../../core/policy/model/connections.ts';
import { safeText } from '../../../core/safe-text.ts';
import { objectText } from '../manifests/objects.ts';
import type { RefusedObject } from '../manifests/refused.ts';
import type { CheckFinding, CheckResult } from './judge.ts';

/** One line of a report: an expectation, or a policy that would have to come into force and does not. */
export type CheckCase = {
  readonly name: string;
  readonly kind: string;
  readonly file: string;
  readonly line: number;
  readonly result: CheckResult['result'];
  /** What is wrong, a sentence each; cut where it grows long. */
  readonly problems: readonly string[];
};

/** How many findings of one expectation are told to people; JSON has them all. */
const TOLD = 10;

/** Everything that a run of `check` judged. */
export function casesOf(
  file: string,
  results: readonly CheckResult[],
  refused: readonly RefusedObject[],
): readonly CheckCase[] {
  const expected = results.map((result): CheckCase => {
    const { name, kind, line } = result.expectation;
    return { name, kind, file, line, result: result.result, problems: problemsOf(result) };
  });
  const unfit = refused.map(
    ({ object, by, problems }): CheckCase => ({
      name: `${objectText(object)} comes into force`,
      kind: 'refused',
      file: safeText(object.place.file),
      line: object.place.line,
      result: 'violated',
      problems: problems.slice(0, TOLD).map((text) => `${by} would refuse it: ${safeText(text, 2_000)}`),
    }),
  );
  return [...expected, ...unfit];
}

function problemsOf({ findings, unmatched }: CheckResult): readonly string[] {
  const told = findings.slice(0, TOLD).map(findingText);
  const more = findings.length > TOLD ? [`and ${findings.length - TOLD} more`] : [];
  return [...unmatched, ...told, ...more];
}

function findingText({ from, to, ports, is, why }: CheckFinding): string {
  const word = { allow: 'is open', deny: 'is closed', undecidable: 'is undecidable' }[is];
  const which = isNothing(ports) ? '' : ` ${portsText(ports)}`;
  return `${from} → ${to}${which} ${word} (${why})`;
}
