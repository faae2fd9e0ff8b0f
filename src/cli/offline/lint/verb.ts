import { type Finding, lint } from '../../../core/policy/lint/lint.ts';
import { EXIT } from '../../exit-codes.ts';
import { toJson } from '../../output/json.ts';
import type { VerbContext } from '../../verbs/context.ts';
import { policyText } from '../explain/policy-edit.ts';
import { type PolicyWorld, type WorldOptions, withWorld } from '../world.ts';
import { sarifOf } from './sarif.ts';

export const LINT_FORMATS = ['table', 'json', 'sarif'] as const;

export type LintVerbOptions = WorldOptions & {
  readonly output: (typeof LINT_FORMATS)[number];
  readonly strict?: boolean;
};

/** `sluice lint`: mistakes in policies, each with what to do; exit 3 with `--strict` when there is one. */
export async function lintVerb(context: VerbContext, asked: LintVerbOptions): Promise<number> {
  const { out } = context.output;
  return withWorld(context, asked, (world) => {
    const { engine, only, placeOf } = world;
    const policies = [...engine.policies()].filter(
      ({ namespace }) => only === undefined || namespace === undefined || namespace === only,
    );
    const findings = lint(engine, { policies });
    switch (asked.output) {
      case 'table':
        out(textOf(findings, policies.length, placeOf));
        break;
      case 'json':
        out(`${toJson({ policies: policies.length, findings: findings.map(withPlace(placeOf)) }, 2)}\n`);
        break;
      case 'sarif':
        out(`${toJson(sarifOf(findings, placeOf), 2)}\n`);
        break;
    }
    return asked.strict === true && findings.length > 0 ? EXIT.deny : EXIT.done;
  });
}

function withPlace(placeOf: PolicyWorld['placeOf']) {
  return (finding: Finding): unknown => {
    const place = placeOf(finding.policy);
    return place === undefined ? finding : { ...finding, place };
  };
}

function textOf(findings: readonly Finding[], policies: number, placeOf: PolicyWorld['placeOf']): string {
  const lines = findings.flatMap(({ id, severity, policy, text, fix }) => {
    const place = placeOf(policy);
    const where = place === undefined ? '' : `   ${place.file}:${place.line}`;
    return [
      `${severity.padEnd(8)} ${policyText(policy)}   ${id}${where}`,
      `         ${text}`,
      `         ${fix}`,
    ];
  });
  return `${[...lines, summaryOf(findings, policies)].join('\n')}\n`;
}

function summaryOf(findings: readonly Finding[], policies: number): string {
  const among = `${policies} ${policies === 1 ? 'policy' : 'policies'}`;
  if (findings.length === 0) return `No mistakes found in ${among}.`;
  const counts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  return `${findings.length} found in ${among}: ${counts.join(', ')}.`;
}
