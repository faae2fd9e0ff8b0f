import { Box } from 'ink';
import type { ReactNode } from 'react';
import type { Size } from '../layout/layout.ts';
import { fitLine, type Line, lineColumns, span, type Tone } from '../text/text.ts';
import { Painted } from './note-painted.tsx';
import { TextLine } from './text-line.tsx';
import { useUi } from './ui-context.ts';

type FrameProps = Size & {
  /** The upper edge: one line. */
  readonly top: ReactNode;
  readonly bottom?: Line;
  readonly focused: boolean;
  readonly children: ReactNode;
};

/** A border around `columns - 2` × `rows - 2` of content; bright when focused. */
export function Frame({ columns, rows, top, bottom = [], focused, children }: FrameProps): ReactNode {
  const tone = toneOf(focused);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {top}
      <Box height={rows - 2}>
        <Side rows={rows - 2} tone={tone} />
        <Box flexDirection="column" width={columns - 2} height={rows - 2}>
          {children}
        </Box>
        <Side rows={rows - 2} tone={tone} />
      </Box>
      <TextLine line={edge('╰', '╯', bottom, [], columns, tone)} columns={columns} />
    </Box>
  );
}

/** An upper edge: `╭ title ───── right ─╮`. */
export function upperEdge(title: Line, right: Line, columns: number, focused: boolean): Line {
  return edge('╭', '╮', title, right, columns, toneOf(focused));
}

function toneOf(focused: boolean): Tone {
  return focused ? 'strong' : 'faint';
}

function edge(start: string, end: string, title: Line, right: Line, columns: number, tone: Tone): Line {
  const tail: Line = right.length === 0 ? [span(end, tone)] : [span(' '), ...right, span(` ─${end}`, tone)];
  const rule = columns - 1 - lineColumns(title) - lineColumns(tail);
  if (rule < 0) return [span(start, tone), ...fitLine(title, columns - 2), span(end, tone)];
  return [span(start, tone), ...title, span('─'.repeat(rule), tone), ...tail];
}

function Side({ rows, tone }: { rows: number; tone: Tone }): ReactNode {
  const { theme } = useUi();
  const one = theme.paint([span('│', tone)], 1);
  return (
    <Box width={1} flexShrink={0}>
      <Painted text={Array.from({ length: rows }, () => one).join('\n')} />
    </Box>
  );
}
