import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import { textAt } from '../../core/json.ts';
import { safeText } from '../../core/safe-text.ts';
import type { Entry } from './kubeconfig.ts';

/** A path of a kubeconfig, absolute: relative ones start from the file's own folder. */
export function resolvePath(entry: Entry, path: string): string {
  return isAbsolute(path) ? path : join(entry.folder, path);
}

/**
 * A certificate or key as text: from `<field>-data` (base64), else from the file that `<field>` names.
 *
 * @throws SluiceError `config` when the file can't be read
 */
export async function readMaterial(entry: Entry, field: string): Promise<string | undefined> {
  const data = textAt(entry.fields, `${field}-data`);
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const named = textAt(entry.fields, field);
  if (!named) return undefined;
  const path = resolvePath(entry, named);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError(
      'config',
      `The ${field} ${safeText(path)} of ${safeText(entry.name)} can't be read.`,
      `Check the path in ${safeText(entry.file)}.`,
      error,
    );
  }
}
