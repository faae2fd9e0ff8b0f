import type { Key } from 'ink';

/** One key press: its name as in the binding table, and the text it types into a text field. */
export type Press = { readonly name: string; readonly text?: string };

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const FLAGS = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
] as const;

/** Control characters that arrive within typed text, e.g. from `tmux send-keys` or over slow links. */
const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u001b': 'esc',
  '\u007f': 'backspace',
  '\b': 'backspace',
  ' ': 'space',
};

/**
 * The key presses in one call of Ink's `useInput`. Several printable characters read at once arrive as one string
 * (TERM-4), so it is split into graphemes. A key without a name here, such as F5, is `unknown`.
 */
export function pressesOf(input: string, key: Key): readonly Press[] {
  const special = FLAGS.find(([flag]) => key[flag])?.[1];
  if (special !== undefined) return [{ name: modified(special, key) }];
  if (key.ctrl)
    return input === '' ? [] : [{ name: `ctrl-${input === ' ' ? 'space' : input.toLowerCase()}` }];
  if (input === '') return [{ name: 'unknown' }];
  const graphemes = [...GRAPHEMES.segment(input)].map(({ segment }) => segment);
  if (key.meta) return graphemes.map((text) => ({ name: `alt-${text}` }));
  return graphemes.flatMap(pressOf);
}

function modified(name: string, key: Key): string {
  if (key.meta && name !== 'esc') return `alt-${name}`;
  if (key.ctrl) return `ctrl-${name}`;
  return key.shift && name === 'tab' ? 'shift-tab' : name;
}

function pressOf(text: string): readonly Press[] {
  const control = text === '\r\n' ? 'enter' : CONTROLS[text];
  if (control === 'space') return [{ name: 'space', text: ' ' }];
  if (control !== undefined) return [{ name: control }];
  const code = text.codePointAt(0) ?? 0;
  if (code >= 1 && code <= 26) return [{ name: `ctrl-${String.fromCharCode(code + 96)}` }];
  return /\p{Cc}/u.test(text) ? [] : [{ name: text, text }];
}
