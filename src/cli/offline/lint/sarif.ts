import type { Severity } from '../../../core/policy/lint/lint.ts';
import { VERSION } from '../../version.ts';
import { policyText } from '../explain/policy-edit.ts';
import { LINT_RULES, type PlacedFinding } from './findings.ts';

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** Findings as SARIF 2.1.0, which code hosts show at the line; live policies have a name, and no line. */
export function sarifOf(findings: readonly PlacedFinding[]): unknown {
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
