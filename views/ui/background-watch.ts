import { PassThrough } from 'node:stream';
import { pause } from '../../src/wait.ts';
import { type Background, backgroundOf } from '../themes/themes.ts';
import { asTerminal } from './input.ts';

type Terminal = { readonly stdout: NodeJS.WriteStream; readonly stdin: NodeJS.ReadStream };

/** A terminal that was asked for its background. */
export type BackgroundWatch = {
  /** What the user types, without the answers of the terminal. */
  readonly stdin: NodeJS.ReadStream;
  /** Before the terminal is the shell's for a while: it must not tell the shell of another background. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Stops listening. Resolves once the answer came, so that the shell does not get it, or is not to be expected. */
  readonly dispose: () => Promise<void>;
};

/** Asks for the background color (OSC 11), and to be told when it turns dark or light (mode 2031), see TERM-11. */
const ASK = '\u001b]11;?\u001b\\';
const TELL = '\u001b[?2031h';
const TELL_NO_MORE = '\u001b[?2031l';

/** How long the beginning of an answer is held back for its rest, ms; a lone escape is a key too. */
const HOLD = 50;

/** An answer is expected for a second; an app that ends before waits for it, but not long; ms. */
const SOON = 1_000;
const LONGEST_WAIT = 100;

/**
 * Asks the terminal and reads its answers out of its input, without waiting for them: `onAnswer` is called whenever one
 * comes, at the earliest in the next turn of the event loop.
 */
export function watchBackground(
  { stdin, stdout }: Terminal,
  onAnswer: (background: Background) => void,
): BackgroundWatch {
  const typed = new PassThrough();
  const asked = performance.now();
  const answered = new AbortController();
  let held = '';
  let timer: NodeJS.Timeout | undefined;

  const isExpected = () => !answered.signal.aborted && performance.now() - asked < SOON;
  const pass = (text: string) => {
    if (text !== '') typed.write(text);
  };
  const release = () => {
    pass(held);
    held = '';
  };
  const take = (chunk: string | Buffer) => {
    clearTimeout(timer);
    const read = readAnswers(held + chunk.toString(), isExpected());
    if (read.answers.length > 0) answered.abort();
    for (const background of read.answers) onAnswer(background);
    held = read.begun;
    pass(read.keys);
    if (held !== '') timer = setTimeout(release, HOLD);
  };

  // Not a letter may be torn between two chunks.
  stdin.setEncoding('utf8');
  stdin.on('data', take);
  stdout.write(ASK + TELL);
  return {
    stdin: asTerminal(typed, stdin),
    pause: () => stdout.write(TELL_NO_MORE),
    resume: () => stdout.write(TELL),
    dispose: async () => {
      if (isExpected()) {
        stdin.setRawMode(true);
        await pause(LONGEST_WAIT, answered.signal).catch(() => undefined);
        stdin.setRawMode(false);
      }
      clearTimeout(timer);
      stdin.off('data', take);
      stdin.pause();
      stdout.write(TELL_NO_MORE);
    },
  };
}

/** The answer to OSC 11, or the notice of mode 2031: 1 is dark, 2 is light. */
const ANSWER = /\u001b\]11;([^\u0007\u001b]*)(?:\u0007|\u001b\\)|\u001b\[\?997;([12])n/g;

/** Input that may become an answer; while one is expected, so may the beginnings that are keys too. */
const BEGUN = /\u001b(?:\]11;[^\u0007\u001b]{0,40}\u001b?|\[\?[\d;]{0,6})$/;
const PERHAPS_BEGUN = /\u001b(?:\](?:1(?:1(?:;[^\u0007\u001b]{0,40}\u001b?)?)?)?|\[(?:\?[\d;]{0,6})?)?$/;

/** Parts input from answers. `begun`: its end, if that may become an answer. */
function readAnswers(
  input: string,
  expected: boolean,
): {
  readonly answers: readonly Background[];
  readonly keys: string;
  readonly begun: string;
} {
  const answers = [...input.matchAll(ANSWER)].flatMap(([, color, mode]) => {
    const background: Background | undefined =
      color === undefined ? (mode === '1' ? 'dark' : 'light') : backgroundOf(color);
    return background === undefined ? [] : [background];
  });
  const keys = input.replace(ANSWER, '');
  const begun = (expected ? PERHAPS_BEGUN : BEGUN).exec(keys)?.[0] ?? '';
  return { answers, keys: keys.slice(0, keys.length - begun.length), begun };
}

/** Terminals that print what they don't know, or never answer. */
const SILENT = /^(?:$|dumb|linux|cons|vt\d|eterm|screen|unknown)/;

/** Whether a terminal may answer; a screen without colors, and one that nobody looks at, has no use for it. */
export function mayAnswer(
  { stdin, stdout }: Terminal,
  { TERM = '', TMUX, CI }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (!stdin.isTTY || !stdout.isTTY || (CI ?? '') !== '') return false;
  return (TMUX ?? '') !== '' || !SILENT.test(TERM);
}
