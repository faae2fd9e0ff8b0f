import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { SessionState } from '../../src/session/session.ts';
import type { Line } from '../text/text.ts';
import { Painted } from './note-painted.tsx';
import { useUi } from './ui-context.ts';

type TextLineProps = {
  readonly line: Line;
  readonly columns: number;
  /** Whether trailing blanks are drawn, to cover what is below. */
  readonly covering?: boolean;
};

/** One line of the screen in at most `columns` columns. */
export function TextLine({ line, columns, covering = false }: TextLineProps): ReactNode {
  const { theme } = useUi();
  return <Painted text={covering ? theme.paint(line, columns) : theme.paintShort(line, columns)} />;
}

type StateLineProps = { readonly draw: (state: SessionState) => Line; readonly columns: number };

/**
 * A line derived from the state, re-rendered only when its text changes: a publication that changes nothing on the
 * screen must not cost a frame.
 */
export function StateLine({ draw, columns }: StateLineProps): ReactNode {
  return <StateLines draw={(state) => [draw(state)]} columns={columns} rows={1} />;
}

type StateLinesProps = {
  readonly draw: (state: SessionState) => readonly Line[];
  readonly columns: number;
  readonly rows: number;
};

/** As `StateLine`, for exactly `rows` lines that are drawn together. */
export function StateLines({ draw, columns, rows }: StateLinesProps): ReactNode {
  const { store, theme } = useUi();
  const text = useStore(store, (state) => {
    const lines = draw(state);
    return Array.from({ length: rows }, (_, at) => theme.paintShort(lines[at] ?? [], columns)).join('\n');
  });
  return <Painted text={text} />;
}
