import { constructFromEvents, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml';
import { expansionProblem } from './expansion.ts';
import { type DuplicateKey, type Lines, lineOfPath, linesOf } from './lines.ts';
import { createSchema, type KubernetesSchema } from './schema.ts';

/** What is wrong with a text, in a few words, and in which line of it, from 1. */
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

/** One document. */
export type YamlDocument = {
  /** Null when it is empty. */
  readonly value: unknown;
  /** Keys that a map has twice, of which the last one counts, by line. */
  readonly duplicates: readonly DuplicateKey[];
  /** The line of a path, from 1; of as much of it as is written in the text. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
};

const DEEPEST = 500;
const MOST_MERGED = 1_000_000;

let kubernetes: KubernetesSchema | undefined;

/**
 * The documents of a text, as kubectl reads them (see `createSchema`).
 *
 * @throws YamlProblem
 */
export function readYaml(text: string): readonly YamlDocument[] {
  try {
    return eventsByDocument(parseEvents(text, { maxDepth: DEEPEST })).map((events) =>
      documentOf(text, events),
    );
  } catch (error) {
    if (error instanceof YamlProblem) throw error;
    throw problemOf(text, error);
  }
}

/** The first document, which is all that kubectl reads of a configuration; an empty one for an empty text. */
export function readFirstYaml(text: string): YamlDocument {
  return readYaml(text)[0] ?? { value: null, duplicates: [], lineOf: () => 1 };
}

function eventsByDocument(events: readonly Event[]): readonly Event[][] {
  const documents: Event[][] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) documents.push([event]);
    else documents.at(-1)?.push(event);
  }
  return documents;
}

function documentOf(source: string, events: Event[]): YamlDocument {
  kubernetes ??= createSchema();
  const { schema, saw } = kubernetes;
  saw.duplicate = false;
  const [value = null] = constructFromEvents(events, {
    source,
    schema,
    json: true,
    maxTotalMergeKeys: MOST_MERGED,
  });
  const hasDuplicates = saw.duplicate;
  if (source.includes('*')) refuseExpansion(value);
  let lines: Lines | undefined;
  return {
    value,
    duplicates: hasDuplicates ? linesOf(events, source).duplicates : [],
    lineOf: (path) => {
      lines ??= linesOf(events, source).lines;
      return lineOfPath(lines, path);
    },
  };
}

function refuseExpansion(document: unknown): void {
  const problem = expansionProblem(document);
  if (problem !== undefined) throw new YamlProblem(problem, 1, false);
}

function problemOf(text: string, error: unknown): YamlProblem {
  if (error instanceof RangeError) return new YamlProblem('it nests too deep', 1, false, error);
  const reason = error instanceof YAMLException ? error.reason : String(error);
  const line = error instanceof YAMLException ? (error.mark?.line ?? 0) : 0;
  const shown =
    text
      .split('\n', line + 1)
      [line]?.trim()
      .slice(0, SHOWN) ?? '';
  const what = shown === '' ? wordsOf(reason) : `${wordsOf(reason)}: "${shown}"`;
  return new YamlProblem(what, line + 1, text.includes('{{'), error);
}

/** How much of the line at fault is shown. */
const SHOWN = 60;

/** What the parser says in other words than a reader would. */
function wordsOf(reason: string): string {
  if (reason.startsWith('nesting exceeded')) return 'it nests too deep';
  if (reason.startsWith('bad indentation')) return 'wrong indentation, or a colon or a quote too many';
  return reason.replace(/[.:]+$/, '');
}
