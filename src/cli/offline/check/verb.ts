import { SluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { toJson } from '../../output/json.ts';
import type { VerbContext } from '../../verbs/context.ts';
import schema from '../check.schema.json' with { type: 'json' };
import { readNamedFile } from '../manifests/read-files.ts';
import { type WorldOptions, withWorld } from '../world.ts';
import { type CheckCase, casesOf } from './cases.ts';
import { readExpectations } from './expectations.ts';
import { checkJson, checkText } from './formats.ts';
import { judgeExpectations } from './judge.ts';
import { junitOf } from './junit.ts';

export const CHECK_FORMATS = ['table', 'json', 'junit'] as const;

export type CheckVerbOptions = WorldOptions & {
  readonly output: (typeof CHECK_FORMATS)[number];
  readonly schema?: boolean;
};

/**
 * `sluice check FILE`: expectations against what is; exit 3 when one is violated, 4 when one is undecidable. A policy
 * of the manifests that would be refused is a violation: what was judged is not what will be.
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
    throw new SluiceError('usage', 'No file of expectations is named.', 'Name one: sluice check FILE.');
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
