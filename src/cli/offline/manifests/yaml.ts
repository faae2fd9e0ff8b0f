import {
  boolYaml11Tag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  floatYaml11Tag,
  intCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  YAMLException,
} from 'js-yaml';
import { expansionProblem } from './expansion.ts';

/** What is wrong with a text, in a few words, and in which line of it, from 0. */
export class YamlProblem extends Error {
  override readonly name = 'YamlProblem';
  readonly line: number;
  /** Whether it looks like a template that is not filled in. */
  readonly isTemplate: boolean;

  constructor(what: string, line: number, isTemplate: boolean, cause?: unknown) {
    super(what, { cause });
    this.line = line;
    this.isTemplate = isTemplate;
  }
}

/**
 * The documents of a text, as kubectl reads them: scalars of YAML 1.1 (`on`, `y` and `no` are booleans, `010` is 8),
 * but neither times nor numbers to the base of 60. Source: sigs.k8s.io/yaml, goyaml.v2/resolve.go; tried with kubectl.
 *
 * @throws YamlProblem
 */
export function parseYaml(text: string): readonly unknown[] {
  try {
    const documents = loadAll(text, { schema: SCHEMA, maxDepth: DEEPEST });
    if (text.includes('*')) for (const document of documents) refuseExpansion(document);
    return documents;
  } catch (error) {
    if (error instanceof YamlProblem) throw error;
    throw problemOf(text, error);
  }
}

const DEEPEST = 500;

/** A number as YAML 1.1 or 1.2 writes it, but none to the base of 60. */
function numberTag(...tags: readonly [typeof intCoreTag, typeof intCoreTag]) {
  const [first] = tags;
  return defineScalarTag(first.tagName, {
    implicit: true,
    identify: first.identify,
    resolve: (source, isExplicit, name) => {
      if (source.includes(':')) return NOT_RESOLVED;
      const values = tags.map((tag) => tag.resolve(source, isExplicit, name));
      return values.find((value) => value !== NOT_RESOLVED) ?? NOT_RESOLVED;
    },
  });
}

const SCHEMA = FAILSAFE_SCHEMA.withTags(
  nullYaml11Tag,
  boolYaml11Tag,
  numberTag(intYaml11Tag, intCoreTag),
  numberTag(floatYaml11Tag, floatCoreTag),
  mergeTag,
);

function refuseExpansion(document: unknown): void {
  const problem = expansionProblem(document);
  if (problem !== undefined) throw new YamlProblem(problem, 0, false);
}

function problemOf(text: string, error: unknown): YamlProblem {
  if (error instanceof RangeError) return new YamlProblem('it nests too deep', 0, false, error);
  const reason = error instanceof YAMLException ? error.reason : String(error);
  const line = error instanceof YAMLException ? (error.mark?.line ?? 0) : 0;
  const shown =
    text
      .split('\n', line + 1)
      [line]?.trim()
      .slice(0, SHOWN) ?? '';
  const what = shown === '' ? wordsOf(reason) : `${wordsOf(reason)}: "${shown}"`;
  return new YamlProblem(what, line, text.includes('{{'), error);
}

/** How much of the line at fault is shown. */
const SHOWN = 60;

/** What the parser says in other words than a reader would. */
function wordsOf(reason: string): string {
  if (reason.startsWith('nesting exceeded')) return 'it nests too deep';
  if (reason.includes('complex keys')) return 'a key is a map or a list';
  if (reason.startsWith('bad indentation')) return 'wrong indentation, or a colon or a quote too many';
  if (reason.startsWith('duplicated')) return 'a key is there twice';
  return reason.replace(/[.:]+$/, '');
}
