import type { Notice, Overlay, SessionState } from '../../src/session/session.ts';
import { entry, type Line, span, type Tone, wallClock } from '../text/text.ts';
import type { Content } from './panel.ts';

export const LEVELS: Readonly<Record<Notice['level'], readonly [string, Tone]>> = {
  info: ['', 'plain'],
  warn: ['! ', 'warn'],
  error: ['✗ ', 'alert'],
};

/** Columns of the time of a message. */
const TIME = 10;

/** Every message so far, the newest last. */
export function messagesContent(
  { scroll }: Extract<Overlay, { type: 'messages' }>,
  { messages }: SessionState,
): Content {
  return {
    kind: 'full',
    title: [span(' Messages ', 'strong')],
    right: [span(` ${messages.length} `, 'faint')],
    scroll,
    lines: (columns) =>
      messages.length === 0
        ? [[span('no messages so far', 'faint')]]
        : messages.flatMap((message) => messageLines(message, columns)),
  };
}

function messageLines({ level, text, hint, at, times = 1 }: Notice, columns: number): readonly Line[] {
  const [symbol, tone] = LEVELS[level];
  const often = times === 1 ? '' : ` (${times} times)`;
  return [
    ...entry([span(wallClock(at), 'faint')], TIME, span(`${symbol}${text}${often}`, tone), columns),
    ...(hint === undefined ? [] : entry([], TIME, span(hint), columns)),
  ];
}
