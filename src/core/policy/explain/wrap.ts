/** How wide an explanation is at most: a terminal that nobody made wider. */
export const COLUMNS = 80;

/**
 * A text in lines of at most 80 columns, broken between words: the first behind `head`, the others behind as many
 * spaces as `indent`. A word that is longer has a line of its own.
 */
export function wrapped(head: string, text: string, indent = head.length): readonly string[] {
  const lines: string[] = [];
  let line = head;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = ' '.repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}
