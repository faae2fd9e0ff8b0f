import { Box, Text } from 'ink';
import { memo, type ReactNode } from 'react';
import type { Size } from '../layout/layout.ts';
import { lineColumns, spread } from '../text/fit.ts';
import { type Line, span, type Tone } from '../text/span.ts';
import { useUi } from '../ui-context.ts';
import { TextLine } from './text-line.tsx';

type FrameProps = Size & {
  readonly title: Line;
  readonly right?: Line;
  readonly bottom?: Line;
  readonly focused: boolean;
  readonly children: ReactNode;
};

/** A border with a title in it around `columns - 2` × `rows - 2` of content; bright when focused. */
export function Frame({
  columns,
  rows,
  title,
  right = [],
  bottom = [],
  focused,
  children,
}: FrameProps): ReactNode {
  const tone: Tone = focused ? 'strong' : 'faint';
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <TextLine line={edge('╭', '╮', title, right, columns, tone)} columns={columns} />
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

/** An upper or lower edge: `╭ title ───── right ─╮`. */
export function edge(
  start: string,
  end: string,
  title: Line,
  right: Line,
  columns: number,
  tone: Tone,
): Line {
  const tail: Line = right.length === 0 ? [span(end, tone)] : [span(' '), ...right, span(` ─${end}`, tone)];
  const room = columns - 1 - lineColumns(tail);
  const used = lineColumns(title);
  const rule = Math.max(0, room - used);
  if (rule === 0) return [span(start, tone), ...spread(title, [], columns - 2), span(end, tone)];
  return [span(start, tone), ...title, span('─'.repeat(rule), tone), ...tail];
}

const Side = memo(function Side({ rows, tone }: { rows: number; tone: Tone }): ReactNode {
  const { theme } = useUi();
  const one = theme.paint([span('│', tone)], 1);
  return (
    <Box width={1} flexShrink={0}>
      <Text>{Array.from({ length: rows }, () => one).join('\n')}</Text>
    </Box>
  );
});
