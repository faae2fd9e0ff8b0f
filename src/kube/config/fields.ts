import { at, isRecord, SluiceError, safeText } from '../../core/common/common.ts';

/** One unparsed entry of a kubeconfig, with the directory that its relative paths start from. */
export type Entry = {
  readonly kind: 'context' | 'cluster' | 'user';
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Absolute. */
  readonly folder: string;
  readonly file: string;
};

/** An entry, for messages: `user admin`. */
export function entryName({ kind, name }: Pick<Entry, 'kind' | 'name'>): string {
  return `${kind} ${safeText(name) || '(no name)'}`;
}

/**
 * A text of an entry, undefined if it is absent, null or empty. `token: 12345` is a number, which kubectl does not take
 * for a text either (API-41).
 *
 * @throws SluiceError `config` for any other type
 */
export function textField(entry: Entry, ...path: readonly string[]): string | undefined {
  const value = at(entry.fields, ...path);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw wrongType(entry, path, value, 'a text', 'Put it in quotes');
}

/**
 * A boolean of an entry, false if it is absent.
 *
 * @throws SluiceError `config` for any other type
 */
export function flagField(entry: Entry, ...path: readonly string[]): boolean {
  const value = at(entry.fields, ...path);
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw wrongType(entry, path, value, 'true or false', 'Write it without quotes');
}

/**
 * The texts of a list of an entry; empty if it is absent.
 *
 * @throws SluiceError `config` if it is not a list, or holds anything but texts
 */
export function textsField(entry: Entry, ...path: readonly string[]): readonly string[] {
  return listField(entry, ...path).map((item, index) => {
    if (typeof item === 'string') return item;
    throw wrongType(entry, [...path, String(index)], item, 'a text', 'Put it in quotes');
  });
}

/**
 * A list of an entry; empty if it is absent.
 *
 * @throws SluiceError `config` for any other type
 */
export function listField(entry: Entry, ...path: readonly string[]): readonly unknown[] {
  const value = at(entry.fields, ...path);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw wrongType(entry, path, value, 'a list', 'Start each of its lines with a dash');
}

/** Whether a text can't be sent in an HTTP header: it has a line break or another control character (RFC 9110 §5.5). */
export function isUnsendable(text: string): boolean {
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(text);
}

/** What is wrong with an entry, and where to mend it: `what` goes on after the name of the entry. */
export function faultOf(entry: Entry, what: string, hint: string, cause?: unknown): SluiceError {
  return new SluiceError(
    'config',
    `${capital(entryName(entry))} ${what}.`,
    `${hint} in ${safeText(entry.file)}.`,
    cause,
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Names the type only: the value may be a secret. */
function wrongType(
  entry: Entry,
  path: readonly string[],
  value: unknown,
  wanted: string,
  hint: string,
): SluiceError {
  return faultOf(entry, `has a ${path.join('.')} that is ${typeName(value)}, not ${wanted}`, hint);
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  return typeof value === 'boolean' ? `the boolean ${value}` : `a ${typeof value}`;
}
