import { SluiceError } from '../../../core/errors.ts';
import { nearestNames } from '../../../core/nearest.ts';
import { safeText } from '../../../core/safe-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { toJson } from '../../output/json.ts';
import type { VerbContext } from '../../verbs/context.ts';
import { type WorldOptions, withWorld } from '../world.ts';
import { findingsOf, LINT_RULES } from './findings.ts';
import { findingsText, rulesText } from './formats.ts';
import { sarifOf } from './sarif.ts';

export const LINT_FORMATS = ['table', 'json', 'sarif'] as const;

export type LintVerbOptions = WorldOptions & {
  readonly output: (typeof LINT_FORMATS)[number];
  readonly strict?: boolean;
  readonly ignore?: readonly string[];
  readonly rules?: boolean;
};

/**
 * `sluice lint`: mistakes in policies, each with what to do; with `--strict`, exit 3 for an error or a warning.
 * `--rules` lists what it looks for.
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

/** @throws SluiceError `usage` for a lint that there is not, with the nearest */
function ignoredOf(ids: readonly string[]): ReadonlySet<string> {
  const known = LINT_RULES.map(({ id }) => id);
  for (const id of ids) {
    if (known.includes(id)) continue;
    const near = nearestNames(id, known);
    throw new SluiceError(
      'usage',
      `There is no lint "${safeText(id)}".`,
      near.length === 0 ? 'sluice lint --rules lists them.' : `Did you mean ${near.join(' or ')}?`,
    );
  }
  return new Set(ids);
}
