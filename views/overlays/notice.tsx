import { Box } from 'ink';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { Notice, SessionState } from '../../src/session/session.ts';
import type { Size } from '../layout/layout.ts';
import { type Line, span, wrap } from '../text/text.ts';
import { TextLine, useUi } from '../ui/ui.ts';
import { LEVELS } from './messages.ts';

/** A notice takes at most this many lines. */
const MOST = 3;

const MORE = '… :messages shows it whole';

/** The notice, over the last lines of the screen: one, or as many as it needs. */
export function NoticeHost({ size }: { size: Size }): ReactNode {
  const { store } = useUi();
  const notice = useStore(store, (state) => (state.overlay.type === 'filter' ? undefined : state.notice));
  if (notice === undefined) return null;
  const lines = noticeLines(notice, size.columns);
  return (
    <Box position="absolute" marginTop={size.rows - lines.length} flexDirection="column">
      {lines.map((line, place) => (
        // A line is identified by its place on the screen.
        <TextLine key={place} line={line} columns={size.columns} covering />
      ))}
    </Box>
  );
}

/** The lines at the bottom of the screen that a notice covers. */
export function noticeRows({ notice, overlay }: SessionState, { columns }: Size): number {
  return notice === undefined || overlay.type === 'filter' ? 0 : noticeLines(notice, columns).length;
}

/** The text and the next step on one line if they fit, else wrapped; what is too long even so is cut. */
export function noticeLines({ level, text, hint }: Notice, columns: number): readonly Line[] {
  const [symbol, tone] = LEVELS[level];
  const room = columns - 2;
  const texts = wrap(`${symbol}${text}`, room).map((line) => span(line, tone));
  const hints = hint === undefined ? [] : wrap(hint, room).map((line) => span(line));
  const [only, ...others] = texts;
  const [first, ...rest] = hints;
  const joined = `${only?.text ?? ''}  ${first?.text ?? ''}`;
  if (
    only !== undefined &&
    others.length === 0 &&
    first !== undefined &&
    rest.length === 0 &&
    joined.length <= room
  )
    return [[span(' '), only, span('  '), first]];
  const all = [...texts, ...hints].map((part): Line => [span(' '), part]);
  if (all.length <= MOST) return all;
  const last = [...texts, ...hints][MOST - 1];
  const cutText = (last?.text ?? '').slice(0, Math.max(0, room - MORE.length));
  return [...all.slice(0, MOST - 1), [span(' '), { ...last, text: `${cutText}${MORE}` }]];
}
