import { nearestNames, plural, SluiceError, safeText } from '../../core/common/common.ts';
import type { Severity } from '../../core/policy/lint/lint.ts';
import { type WorldOptions, withWorld } from '../connect/connect.ts';
import { EXIT, toJson, VERSION, type VerbContext } from '../shared/shared.ts';
import { policyText } from './explain-policy-edit.ts';
import { findingsOf, LINT_RULES, type LintRule, type PlacedFinding } from './lint-findings.ts';

export const LINT_FORMATS = ['table', 'json', 'sarif'] as const;

export type LintVerbOptions = WorldOptions & {
  readonly output: (typeof LINT_FORMATS)[number];
  readonly strict?: boolean;
  readonly ignore?: readonly string[];
  readonly rules?: boolean;
};

/**
 * `sluice lint`: mistakes in policies, each with a fix; with `--strict`, exit 3 for an error or a warning.
 * `--rules` lists the lints.
 */
export async function lintVerb(context: VerbContext, asked: LintVerbOptions): Promise<number> {
  const { out } = context.output;
  const ignored = ignoredOf(asked.ignore ?? []);
  if (asked.rules === true) {
    const rules = LINT_RULES.map(({ id, severity, title, source }) => ({ id, severity, title, source }));
    out(asked.output === 'table' ? rulesText(rules) : `${toJson({ rules }, 2)}\n`);
    return EXIT.done;
  }
  return withWorld(context, asked, (world) => {
    const { policies, findings } = findingsOf(world, ignored);
    switch (asked.output) {
      case 'table':
        out(findingsText(findings, policies));
        break;
      case 'json':
        out(`${toJson({ policies, findings }, 2)}\n`);
        break;
      case 'sarif':
        out(`${toJson(sarifOf(findings), 2)}\n`);
        break;
    }
    const isGrave = findings.some(({ severity }) => severity !== 'info');
    return asked.strict === true && isGrave ? EXIT.deny : EXIT.done;
  });
}

/** @throws SluiceError `usage` for an unknown lint, with the nearest names */
function ignoredOf(ids: readonly string[]): ReadonlySet<string> {
  const known = LINT_RULES.map(({ id }) => id);
  for (const id of ids) {
    if (known.includes(id)) continue;
    const near = nearestNames(id, known);
    throw new SluiceError(
      'usage',
      `Unknown lint "${safeText(id)}".`,
      near.length === 0 ? 'Run sluice lint --rules to list them.' : `Did you mean ${near.join(' or ')}?`,
    );
  }
  return new Set(ids);
}

/** Findings as text: what, where, and the fix; totals by severity at the end. */
function findingsText(findings: readonly PlacedFinding[], policies: number): string {
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

/** The lints as an aligned list. */
function rulesText(rules: readonly LintRule[]): string {
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
  return `${plural(findings.length, 'finding')} in ${among}: ${counts.join(', ')}.`;
}

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** Findings as SARIF 2.1.0, which code hosts show inline; live policies have a name but no line. */
function sarifOf(findings: readonly PlacedFinding[]): unknown {
  const rules = [...new Set(findings.map(({ id }) => id))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sluice', version: VERSION, rules: rules.map(ruleOf) } },
        results: findings.map(({ id, severity, policy, text, fix, place }) => {
          const logical = {
            logicalLocations: [{ fullyQualifiedName: policyText(policy), kind: 'resource' }],
          };
          const physical =
            place === undefined
              ? {}
              : {
                  physicalLocation: {
                    artifactLocation: { uri: uriOf(place.file) },
                    region: { startLine: place.line },
                  },
                };
          return {
            ruleId: id,
            ruleIndex: rules.indexOf(id),
            level: LEVELS[severity],
            message: { text: `${text} ${fix}` },
            locations: [{ ...physical, ...logical }],
          };
        }),
      },
    ],
  };
}

function ruleOf(id: string): unknown {
  const known = LINT_RULES.find((item) => item.id === id);
  if (known === undefined) return { id };
  return { id, shortDescription: { text: known.title }, help: { text: `Source: ${known.source}.` } };
}

/** A relative reference, or a file URI (RFC 3986). */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${path}` : path;
}
