import { SluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';
import type { DuplicateKey } from '../../../core/yaml/lines.ts';
import { readYaml, YamlProblem } from '../../../core/yaml/read.ts';
import { jsonDocuments, parseJson } from './json-documents.ts';
import type { ManifestFile } from './read-files.ts';

/** Where a document stands. Documents and lines count from 1. */
export type Place = { readonly file: string; readonly document: number; readonly line: number };

/** One document of a file, parsed; null when it is empty. */
export type ManifestDocument = {
  readonly place: Place;
  readonly value: unknown;
  /** Keys that are there twice, with their lines in the file. */
  readonly duplicates: readonly DuplicateKey[];
};

/** A document starts where a line starts with `---`, wherever that is (YAML 1.2.2 §9.1.2). */
const MARKER = /^---(?=\s|$)/gm;

/**
 * The documents of a file of YAML or JSON.
 *
 * @throws SluiceError `failed` for what is malformed, cyclic, or expands beyond measure: file, document and line
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

/** A template is told so: its braces are malformed in ways that mislead. */
function malformed({ file, document, line }: Place, problem: YamlProblem): SluiceError {
  const isTemplate = problem.isTemplate;
  const what = isTemplate ? 'it is a template that is not filled in' : problem.message;
  return new SluiceError(
    'failed',
    `${safeText(file)}, document ${document}, line ${line}: ${safeText(what)}.`,
    isTemplate
      ? 'Pipe it filled in: helm template … | sluice … --manifests -'
      : 'Correct the YAML, or leave the file out.',
    problem,
  );
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
