import { type ErrorCode, parseAllDocuments } from 'yaml';
import { isRaw, rawOf } from '../../../core/cluster/raw.ts';
import { SluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';
import type { ManifestFile } from './read-files.ts';
import { splitList } from './split-list.ts';

/** Where a document stands. Documents and lines count from 1. */
export type Place = { readonly file: string; readonly document: number; readonly line: number };

/** One document of a file, parsed; null when it is empty. */
export type ManifestDocument = { readonly place: Place; readonly value: unknown };

/** A document starts where a line starts with `---`, wherever that is (YAML 1.2.2 §9.1.2). */
const MARKER = /^---(?=\s|$)/gm;

/**
 * The documents of a file of YAML or JSON.
 *
 * @throws SluiceError `failed` for what is malformed, cyclic, or expands beyond measure: file, document and line
 */
export function parseManifestFile({ name, text }: ManifestFile): readonly ManifestDocument[] {
  return parseJson(name, text) ?? parseYaml(name, text.replace(/^\uFEFF/, ''));
}

/** JSON is YAML, but far quicker to read as JSON. Undefined when it is none, or not wholly. */
function parseJson(file: string, text: string): readonly ManifestDocument[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return [{ place: { file, document: 1, line: 1 }, value: JSON.parse(text) as unknown }];
  } catch {
    return undefined;
  }
}

function parseYaml(file: string, text: string): readonly ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  let line = 1;
  for (const piece of piecesOf(text)) {
    for (const value of parseWhole(piece, { file, document: documents.length + 1, line })) {
      const place = { file, document: documents.length + 1, line: line + countLines(preambleOf(piece)) };
      documents.push({ place, value });
    }
    line += countLines(piece);
  }
  return documents;
}

/** Split at the markers, so that a document is parsed alone and told by its number. */
function piecesOf(text: string): readonly string[] {
  const starts = Array.from(text.matchAll(MARKER), ({ index }) => index);
  const cuts = starts[0] === 0 ? starts : [0, ...starts];
  const pieces = cuts.map((start, index) => text.slice(start, cuts[index + 1]));
  const [first = ''] = pieces;
  const isPrologue = pieces.length > 1 && first.split('\n').every((line) => /^\s*(?:[#%].*)?$/.test(line));
  if (!isPrologue) return pieces;
  // What stands before the first marker belongs to the first document, so that its lines still count.
  return [`${first.replace(/^%.*$/gm, '#')}${pieces[1] ?? ''}`, ...pieces.slice(2)];
}

/** What stands before the contents: the marker, blank lines and comments. */
function preambleOf(piece: string): string {
  return /^(?:(?:---)?[^\S\n]*(?:#.*)?\n)*/.exec(piece)?.[0] ?? '';
}

/** A long List bundle by bundle; everything else as it is. */
function parseWhole(piece: string, place: Place): readonly unknown[] {
  const list = splitList(piece);
  if (list === undefined) return parsePiece(piece, place);
  const [rest, ...others] = parsePiece(list.rest, place);
  const items = list.bundles.flatMap(({ text, line }) => {
    const [bundle] = parsePiece(text, { ...place, line: place.line + line });
    return isRaw(bundle) && Array.isArray(bundle.items) ? (bundle.items as readonly unknown[]) : [];
  });
  return [{ ...rawOf(rest), items }, ...others];
}

function parsePiece(piece: string, place: Place): readonly unknown[] {
  const hasAnchors = piece.includes('&');
  try {
    const documents = parseAllDocuments(piece, {
      merge: piece.includes('<<'),
      prettyErrors: false,
      stringKeys: true,
    });
    return [...documents].map((document): unknown => {
      const [error] = document.errors;
      if (error !== undefined) {
        const text = TEXTS[error.code] ?? error.message;
        throw malformed(
          { ...place, line: place.line + countLines(piece.slice(0, error.pos[0])) },
          text,
          error,
        );
      }
      const value: unknown = document.toJS();
      if (hasAnchors && isCyclic(value)) throw malformed(place, 'an anchor contains itself');
      return value;
    });
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    if (error instanceof RangeError) throw malformed(place, TOO_DEEP, error);
    throw malformed(place, error instanceof Error ? error.message : String(error), error);
  }
}

const TOO_DEEP = 'it nests too deep';

/** What the parser says in other words than a reader would. */
const TEXTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  RESOURCE_EXHAUSTION: TOO_DEEP,
  NON_STRING_KEY: 'a key is a map or a list, as in templates that are not filled in',
};

function malformed({ file, document, line }: Place, why: string, cause?: unknown): SluiceError {
  const [sentence = ''] = why.split('\n');
  return new SluiceError(
    'failed',
    `${safeText(file)}, document ${document}, line ${line}: ${safeText(sentence.replace(/[.:]+$/, ''))}.`,
    'Correct the YAML, or leave the file out.',
    cause,
  );
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Whether a value contains itself. */
function isCyclic(root: unknown): boolean {
  const open = new Set<object>();
  const done = new Set<object>();
  const visit = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null || done.has(value)) return false;
    if (open.has(value)) return true;
    open.add(value);
    const found = Object.values(value).some(visit);
    open.delete(value);
    done.add(value);
    return found;
  };
  return visit(root);
}
