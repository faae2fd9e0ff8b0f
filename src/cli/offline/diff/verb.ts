import type { NamedEnforcer } from '../../../core/policy/enforcers/enforcers.ts';
import { EXIT } from '../../exit-codes.ts';
import { toJson } from '../../output/json.ts';
import type { VerbContext } from '../../verbs/context.ts';
import { loadManifests } from '../manifests/load.ts';
import { askedDialect, dialectFrom, tellNotes, worldOf } from '../world.ts';
import { compareTrees, isNoChange } from './compare.ts';
import { diffJson, diffMarkdown, diffText } from './formats.ts';

export const DIFF_FORMATS = ['table', 'json', 'markdown'] as const;

export type DiffVerbOptions = {
  readonly output: (typeof DIFF_FORMATS)[number];
  readonly enforcer?: NamedEnforcer;
  readonly assume?: readonly string[];
  readonly exitCode?: boolean;
};

/** `sluice diff OLD NEW`: what changes between two trees of manifests; with `--exit-code`, 1 when anything does. */
export async function diff(
  { options, output }: VerbContext,
  old: string,
  now: string,
  asked: DiffVerbOptions,
): Promise<number> {
  const dialect = dialectFrom(askedDialect(asked), asked.assume);
  const namespace = options.namespace ?? 'default';
  const load = async (path: string) => {
    const loaded = await loadManifests([path], { namespace, mayBeEmpty: true });
    return { ...loaded, tree: worldOf(loaded, dialect) };
  };
  const before = await load(old);
  const after = await load(now);
  tellNotes(output, after.notes);
  const found = compareTrees(before.tree, after.tree);
  const { refused } = after;
  switch (asked.output) {
    case 'table':
      output.out(diffText(found, refused));
      break;
    case 'json':
      output.out(`${toJson(diffJson(after.tree.model, found, refused), 2)}\n`);
      break;
    case 'markdown':
      output.out(diffMarkdown(found, refused));
      break;
  }
  return asked.exitCode === true && !isNoChange(found) ? EXIT.failed : EXIT.done;
}
