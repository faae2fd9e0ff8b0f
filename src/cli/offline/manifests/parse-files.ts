import { SluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';
import { type ManifestDocument, parseManifestFile } from './parse.ts';
import type { ManifestFile } from './read-files.ts';

export type ParsedFiles = {
  readonly documents: readonly ManifestDocument[];
  /** Files of folders that are templates, as those of Helm charts, and so no manifests yet. */
  readonly templates: readonly string[];
};

/**
 * The documents of all files. A template in a folder is left out; one that is named itself is malformed.
 *
 * @throws SluiceError `failed` for the first malformed file, with the names of the others
 */
export function parseFiles(files: readonly ManifestFile[]): ParsedFiles {
  const documents: ManifestDocument[] = [];
  const templates: string[] = [];
  const malformed: { readonly name: string; readonly error: SluiceError }[] = [];
  for (const file of files) {
    const hasBraces = file.as !== 'named' && file.text.includes('{{');
    if (hasBraces && file.as === 'chart template') {
      templates.push(file.name);
      continue;
    }
    try {
      for (const document of parseManifestFile(file)) documents.push(document);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (hasBraces) templates.push(file.name);
      else malformed.push({ name: file.name, error });
    }
  }
  const [first, ...others] = malformed;
  if (first !== undefined)
    throw withOthers(
      first.error,
      others.map(({ name }) => name),
    );
  return { documents, templates };
}

function withOthers(error: SluiceError, names: readonly string[]): SluiceError {
  if (names.length === 0) return error;
  const shown = names.slice(0, 5).join(', ');
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const sentence = `${error.message.replace(/\.$/, '')}; malformed too: ${safeText(shown, 2_000)}${more}.`;
  return new SluiceError('failed', sentence, error.hint, error);
}
