/** Needs no quotes in a POSIX shell. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A word for a POSIX shell, always in single quotes. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A word for a POSIX shell, in single quotes if it needs them. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : quoted(word);
}
