import { Text } from 'ink';
import { memo, type ReactNode } from 'react';
import type { Line } from '../text/span.ts';
import { useUi } from '../ui-context.ts';

/** One line of the screen in exactly `columns` columns. */
export function TextLine({ line, columns }: { line: Line; columns: number }): ReactNode {
  const { theme } = useUi();
  return <PaintedLine text={theme.paint(line, columns)} />;
}

/** Lines that are painted already; drawn anew only when their text differs. */
export const PaintedLine = memo(function PaintedLine({ text }: { text: string }): ReactNode {
  return <Text wrap="truncate">{text}</Text>;
});
