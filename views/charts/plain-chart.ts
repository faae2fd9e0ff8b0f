import { type Theme, toAscii } from '../ui/ui.ts';

const CODE = /\u001b\[([0-9;]*)m/g;

/**
 * A chart line for terminals without colors or without Unicode. Bars are blanks on a colored background: they become
 * blocks before the codes are removed. Dots of a curve become `*` in ASCII.
 */
export function plainChart(line: string, { colour, ascii }: Theme): string {
  const text = colour ? line : withBlocks(line);
  return ascii ? toAscii(text.replace(/[\u2800-\u28ff]/gu, asciiDots)).replace(/[┌┐└┘]/gu, '+') : text;
}

function withBlocks(line: string): string {
  let out = '';
  let ground = false;
  let end = 0;
  for (const match of line.matchAll(CODE)) {
    out += part(line.slice(end, match.index), ground);
    ground = groundAfter(match[1] ?? '', ground);
    end = match.index + match[0].length;
  }
  return out + part(line.slice(end), ground);
}

function part(text: string, ground: boolean): string {
  return ground ? text.replaceAll(' ', '█') : text;
}

/** Whether a background color is on after a code: 41-47 and 48 turn it on, 49 and 0 off. */
function groundAfter(code: string, before: boolean): boolean {
  const numbers = code.split(';').map(Number);
  if (numbers.includes(48) || numbers.some((number) => number >= 41 && number <= 47)) return true;
  return numbers.includes(49) || numbers.includes(0) ? false : before;
}

function asciiDots(dots: string): string {
  return dots === '\u2800' ? ' ' : '*';
}
