import { Transform } from 'ink';
import { memo, type ReactNode } from 'react';

/**
 * Lines that are already styled and cut, re-rendered only when their text changes. Ink gets them as a transform of one
 * blank per line: it measures, sanitizes and tokenizes the content of a `<Text>` again in every frame, which is half
 * the cost of a frame. So the parent must have a fixed size, and the text must be safe.
 */
export const Painted = memo(function Painted({ text }: { text: string }): ReactNode {
  const lines = text.split('\n');
  return <Transform transform={(_, at) => lines[at] ?? ''}>{` ${'\n'.repeat(lines.length - 1)}`}</Transform>;
});
