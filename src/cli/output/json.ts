/** Controls, bidirectional and other invisible characters: JSON.stringify leaves those above U+007E as they are. */
const INVISIBLE = /[\u007f-\u009f]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}/gu;

/**
 * JSON that is safe on a terminal: what the sanitizer at the edge might have missed is escaped (TERM-2). One line
 * unless `indent` is given.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(INVISIBLE, toUnicodeEscape);
}

function toUnicodeEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
