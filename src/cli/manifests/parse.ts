import { SluiceError, safeText } from '../../core/common/common.ts';
import { type DuplicateKey, readYaml, YamlProblem } from '../../core/yaml/yaml.ts';
import type { ManifestFile } from './read-files.ts';

/** Where a document is. Documents and lines count from 1. */
export type Place = { readonly file: string; readonly document: number; readonly line: number };

/** One document of a file, parsed; null when it is empty. */
export type ManifestDocument = {
  readonly place: Place;
  readonly value: unknown;
  /** Duplicate keys, with their lines in the file. */
  readonly duplicates: readonly DuplicateKey[];
};

/** A document starts at any line that starts with `---` (YAML 1.2.2 §9.1.2). */
const MARKER = /^---(?=\s|$)/gm;

/**
 * The documents of a YAML or JSON file.
 *
 * @throws SluiceError `failed`, with file, document and line, for malformed, cyclic, or excessively expanding input
 */
export function parseManifestFile({ name, text }: ManifestFile): readonly ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  let line = 1;
  for (const piece of jsonDocuments(text) ?? piecesOf(text)) {
    const start = line + countLines(preambleOf(piece));
    const before = line - 1;
    for (const { value, duplicates } of parsePiece(piece, {
      file: name,
      document: documents.length + 1,
      line,
    })) {
      documents.push({
        place: { file: name, document: documents.length + 1, line: start },
        value,
        duplicates: duplicates.map((item) => ({ ...item, line: item.line + before })),
      });
    }
    line += countLines(piece);
  }
  return documents;
}

/** Split at the markers, so that each document is parsed alone and reported by its number. */
function piecesOf(text: string): readonly string[] {
  const starts = Array.from(text.matchAll(MARKER), ({ index }) => index);
  const cuts = starts[0] === 0 ? starts : [0, ...starts];
  const pieces = cuts.map((start, index) => text.slice(start, cuts[index + 1]));
  const [first = ''] = pieces;
  const isPrologue = pieces.length > 1 && first.split('\n').every((line) => /^\s*(?:[#%].*)?$/.test(line));
  if (!isPrologue) return pieces;
  // Lines before the first marker belong to the first document, to keep line numbers right.
  return [`${first.replace(/^%.*$/gm, '#')}${pieces[1] ?? ''}`, ...pieces.slice(2)];
}

/** Everything before the contents: the marker, blank lines and comments. */
function preambleOf(piece: string): string {
  return /^(?:(?:---)?[^\S\n]*(?:#.*)?\n)*/.exec(piece)?.[0] ?? '';
}

function parsePiece(
  piece: string,
  place: Place,
): readonly { readonly value: unknown; readonly duplicates: readonly DuplicateKey[] }[] {
  try {
    return parseJson(piece)?.map((value) => ({ value, duplicates: [] })) ?? readYaml(piece);
  } catch (error) {
    if (error instanceof YamlProblem) throw malformed({ ...place, line: place.line + error.line - 1 }, error);
    throw error;
  }
}

/** Names an unrendered template as such: the YAML errors that its braces cause are misleading. */
function malformed({ file, document, line }: Place, problem: YamlProblem): SluiceError {
  const isTemplate = problem.isTemplate;
  const what = isTemplate ? 'this is an unrendered template' : problem.message;
  return new SluiceError(
    'failed',
    `${safeText(file)}, document ${document}, line ${line}: ${safeText(what)}.`,
    isTemplate
      ? 'Render it first: helm template … | sluice … --manifests -'
      : 'Fix the YAML, or leave the file out.',
    problem,
  );
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/**
 * The texts of concatenated JSON values, as `kubectl get -o json` and `jq` write them. Undefined for a text that does
 * not start as JSON. From the first error on, the rest is one text: parsing it reports why.
 */
function jsonDocuments(text: string): readonly string[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const pieces: string[] = [];
  let start = 0;
  for (let end = endOfValue(text, 0); end !== undefined; end = endOfValue(text, start)) {
    pieces.push(text.slice(start, end));
    start = end;
  }
  const rest = text.slice(start);
  return rest.trim() === '' ? pieces : [...pieces, rest];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}]/gs;

/** The index after the object or list that begins at or after an index; undefined if there is none, or it is cut off. */
function endOfValue(text: string, from: number): number | undefined {
  let depth = 0;
  TOKEN.lastIndex = from;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const [token] = found;
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 0) return undefined;
    if (depth === 0) return TOKEN.lastIndex;
    if (depth < 0) return undefined;
  }
  return undefined;
}

/** Parses JSON, which is much faster than YAML; undefined if the text isn't strict JSON. */
function parseJson(text: string): readonly unknown[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return hasKeyTwice(text) ? undefined : [value];
  } catch {
    return undefined;
  }
}

/** Whether there may be a duplicate key, which `JSON.parse` accepts; reading the text as YAML then reports where. */
function hasKeyTwice(text: string): boolean {
  const keys: Set<string>[] = [];
  for (const [, token = '', colon] of text.matchAll(KEYS)) {
    if (token === '{' || token === '[') keys.push(new Set());
    else if (token === '}' || token === ']') keys.pop();
    else if (colon !== undefined) {
      const seen = keys.at(-1);
      if (seen?.has(token) === true) return true;
      seen?.add(token);
    }
  }
  return false;
}

const KEYS = /("(?:[^"\\]|\\.)*"|[[\]{}])(\s*:)?/gs;
