import {
  boolYaml11Tag,
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  dump,
  EVENT_ID,
  type Event,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  floatYaml11Tag,
  intCoreTag,
  intYaml11Tag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  parseEvents,
  type Schema,
  YAMLException,
} from 'js-yaml';
import { type DuplicateKey, type Lines, lineOfPath, linesOf } from './text-of-bytes.ts';

/** What is wrong with a text, in a few words, and the line, from 1. */
export class YamlProblem extends Error {
  override readonly name = 'YamlProblem';
  readonly line: number;
  /** Whether it looks like an unrendered template. */
  readonly isTemplate: boolean;

  /** What is wrong, without the line itself, which may hold a secret. */
  readonly words: string;

  constructor(words: string, line: number, isTemplate: boolean, cause?: unknown, shown = '') {
    super(shown === '' ? words : `${words}: "${shown}"`, { cause });
    this.words = words;
    this.line = line;
    this.isTemplate = isTemplate;
  }
}

/** One document. */
export type YamlDocument = {
  /** Null when it is empty. */
  readonly value: unknown;
  /** Duplicate keys of a map, by line; the last one counts. */
  readonly duplicates: readonly DuplicateKey[];
  /** The line of a path, from 1, or of as much of the path as the text contains. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
};

const DEEPEST = 500;
const MOST_MERGED = 1_000_000;

let kubernetes: KubernetesSchema | undefined;

/**
 * The documents of a text, as kubectl reads them (see `createSchema`).
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

/**
 * The first document, which is all that kubectl reads of a configuration, whatever comes after it; empty for an empty
 * text.
 * @throws YamlProblem
 */
export function readFirstYaml(text: string): YamlDocument {
  const first = (part: string) => readYaml(part)[0] ?? { value: null, duplicates: [], lineOf: () => 1 };
  try {
    return first(text);
  } catch (error) {
    for (const { index } of text.matchAll(/^(---|\.\.\.)(?=\s|$)/gm)) {
      const before = text.slice(0, index);
      if (/^[^#%\s-]/m.test(before)) return first(before);
    }
    throw error;
  }
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
  if (error instanceof RangeError) return new YamlProblem('nested too deeply', 1, false, error);
  const reason = error instanceof YAMLException ? error.reason : String(error);
  const line = error instanceof YAMLException ? (error.mark?.line ?? 0) : 0;
  const shown =
    text
      .split('\n', line + 1)
      [line]?.trim()
      .slice(0, SHOWN) ?? '';
  return new YamlProblem(wordsOf(reason), line + 1, text.includes('{{'), error, shown);
}

/** How much of the faulty line is shown. */
const SHOWN = 60;

/** Parser messages reworded for readers. */
function wordsOf(reason: string): string {
  if (reason.startsWith('nesting exceeded')) return 'nested too deeply';
  if (reason.startsWith('bad indentation')) return 'wrong indentation, or an extra colon or quote';
  return reason.replace(/[.:]+$/, '');
}

/** How many values a document may expand to before it is checked, and by what factor. */
const MANY = 1_000_000;
const TIMES = 10;

/** Aliases that contain themselves, or multiply excessively ("billion laughs"); undefined for a valid value. */
function expansionProblem(root: unknown): string | undefined {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  let written = 0;
  let isCyclic = false;
  const sizeOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) {
      isCyclic = true;
      return 1;
    }
    open.add(value);
    const items: readonly unknown[] = Object.values(value);
    written += items.length;
    const size = items.reduce<number>((sum, item) => sum + sizeOf(item), 1);
    open.delete(value);
    sizes.set(value, size);
    return size;
  };
  const size = sizeOf(root);
  if (isCyclic) return 'an anchor contains itself';
  if (size <= MANY || size <= TIMES * written) return undefined;
  return `aliases expand ${written.toLocaleString('en')} values to ${size > 1e15 ? 'more than a million billion' : size.toLocaleString('en')}`;
}

/** How a text becomes values; `saw` reports duplicate keys in a map. The reader must overwrite, not reject. */
type KubernetesSchema = { readonly schema: Schema; readonly saw: { duplicate: boolean } };

/**
 * kubectl's rules for YAML: YAML 1.1 scalars (`on`, `y`, and `no` are booleans, `010` is 8), but neither timestamps nor
 * base-60 numbers; the last of two keys counts, and a merge counts at its position: it overrides what comes before it,
 * and is overridden by what comes after. Source: sigs.k8s.io/yaml, go.yaml.in/yaml/v2 resolve.go and decode.go.
 */
function createSchema(): KubernetesSchema {
  const saw = { duplicate: false };
  const schema = FAILSAFE_SCHEMA.withTags(
    nullYaml11Tag,
    boolYaml11Tag,
    numberTag(intYaml11Tag, intCoreTag),
    numberTag(floatYaml11Tag, floatCoreTag),
    mergeTag,
    localTag,
    mapTag(saw),
  );
  return { schema, saw };
}

/** A number as in YAML 1.1 or 1.2, except base 60. */
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

/** `!anything text` is the text. */
const localTag = defineScalarTag('!', {
  matchByTagPrefix: true,
  identify: () => false,
  resolve: (source) => source,
});

type Map = Record<string, unknown>;

/** Maps that overwrite. If overwriting is allowed, js-yaml calls `has` only before adding a merged key. */
function mapTag(saw: { duplicate: boolean }) {
  const mergedKeys = new WeakMap<Map, Set<string>>();
  let merging: string | undefined;
  return defineMappingTag<Map>('tag:yaml.org,2002:map', {
    create: () => ({}),
    identify: () => false,
    has: (map, key) => {
      const name = String(key);
      // Of the maps in one merge, the first wins.
      if (mergedKeys.get(map)?.has(name) === true) return true;
      merging = name;
      return false;
    },
    addPair: (map, key, value) => {
      if (typeof key === 'object' && key !== null) return 'a mapping key is a map or a list';
      const name = String(key);
      const merged = mergedKeys.get(map);
      if (merging === name) {
        if (merged === undefined) mergedKeys.set(map, new Set([name]));
        else merged.add(name);
      } else if (merged?.delete(name) !== true && Object.hasOwn(map, name)) {
        saw.duplicate = true;
      }
      merging = undefined;
      if (name !== '__proto__') map[name] = value;
      else Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
      return '';
    },
    keys: (map) => Object.keys(map),
    get: (map, key) => map[String(key)],
  });
}

/** A value as YAML that reads back the same everywhere: what YAML 1.1 takes for a boolean is quoted. */
export function writeYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true, skipInvalid: true, quoteStyle: 'double' });
}
