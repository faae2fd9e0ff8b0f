import { SluiceError, safeText } from '../../core/common/common.ts';
import { isNothing, portsText } from '../../core/policy/model/model.ts';
import { type WorldOptions, withWorld } from '../connect/connect.ts';
import { objectText, type RefusedObject, readNamedFile, refusalJson } from '../manifests/manifests.ts';
import { EXIT, toJson, type VerbContext } from '../shared/shared.ts';
import schema from './check.schema.json' with { type: 'json' };
import { readExpectations } from './check-expectations.ts';
import { type CheckFinding, type CheckResult, judgeExpectations } from './check-judge.ts';
import { portsJson } from './matrix-formats.ts';

export const CHECK_FORMATS = ['table', 'json', 'junit'] as const;

export type CheckVerbOptions = WorldOptions & {
  readonly output: (typeof CHECK_FORMATS)[number];
  readonly schema?: boolean;
};

/**
 * `sluice check FILE`: tests expectations; exit 3 when one is violated, 4 when one is undecidable. A policy in the
 * manifests that would be rejected is a violation, because the cluster would differ from what was evaluated.
 */
export async function check(
  context: VerbContext,
  path: string | undefined,
  asked: CheckVerbOptions,
): Promise<number> {
  const { out } = context.output;
  if (asked.schema === true) {
    out(`${JSON.stringify(schema, undefined, 2)}\n`);
    return EXIT.done;
  }
  if (path === undefined)
    throw new SluiceError('usage', 'FILE is missing.', 'Pass a file of expectations: sluice check FILE.');
  const file = await readNamedFile(path);
  const { namespace, expectations } = readExpectations(file);
  return withWorld(context, asked, (world) => {
    const results = judgeExpectations(world, expectations, namespace ?? world.namespace);
    const name = safeText(file.name);
    const cases = casesOf(name, results, world.refused);
    switch (asked.output) {
      case 'table':
        out(checkText(cases));
        break;
      case 'json':
        out(`${toJson(checkJson(name, results, world.refused), 2)}\n`);
        break;
      case 'junit':
        out(junitOf(name, cases));
        break;
    }
    return exitCodeOf(cases);
  });
}

function exitCodeOf(results: readonly CheckCase[]): number {
  if (results.some(({ result }) => result === 'violated')) return EXIT.deny;
  return results.some(({ result }) => result === 'undecidable') ? EXIT.undecidable : EXIT.done;
}

const SIGNS = { met: '✓ met', violated: '✗ violated', undecidable: '? undecidable' } as const;

/** Results as text: a line each with problems below it, and the totals at the end. */
function checkText(cases: readonly CheckCase[]): string {
  const lines = cases.flatMap(({ name, file, line, result, problems }) => [
    `${SIGNS[result].padEnd(14)} ${safeText(name)}   ${file}:${line}`,
    ...problems.map((text) => `               ${text}`),
  ]);
  const count = (wanted: CheckCase['result']) => cases.filter(({ result }) => result === wanted).length;
  const numbers = `${count('met')} met, ${count('violated')} violated, ${count('undecidable')} undecidable`;
  return `${[...lines, numbers].join('\n')}\n`;
}

/** Results as data. */
function checkJson(
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

/**
 * Results as JUnit XML, which every CI system reads, with a test case for each. An undecidable result is an error, like
 * a test that could not run.
 */
function junitOf(file: string, cases: readonly CheckCase[]): string {
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

/** Escaped, without the characters that XML does not allow (XML 1.0 §2.2). */
function xml(text: string): string {
  const lines = text.split('\n').map((line) => safeText(line, 4_000));
  return lines.join('\n').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** One line of a report: an expectation, or a policy that would be rejected. */
type CheckCase = {
  readonly name: string;
  readonly kind: string;
  readonly file: string;
  readonly line: number;
  readonly result: CheckResult['result'];
  /** One sentence per problem; long lists are truncated. */
  readonly problems: readonly string[];
};

/** The most findings per expectation printed as text; JSON has them all. */
const TOLD = 10;

/** Everything that a run of `check` evaluated. */
function casesOf(
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
      name: `${objectText(object)} is accepted`,
      kind: 'refused',
      file: safeText(object.place.file),
      line: object.place.line,
      result: 'violated',
      problems: problems.slice(0, TOLD).map((text) => `${by} would reject it: ${safeText(text, 2_000)}`),
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
