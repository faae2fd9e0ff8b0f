import { Transform } from 'ink';
import { memo, type ReactNode } from 'react';

/**
 * Lines that are painted and cut already, drawn anew only when their text differs. Ink gets them as a transform of one
 * blank on as many lines: what is the content of a `<Text>` Ink measures, sanitizes and takes apart once more in every
 * frame, which is half of what a frame costs. So the place around must have its size, and the text must be safe.
 */
export const Painted = memo(function Painted({ text }: { text: string }): ReactNode {
  const lines = text.split('\n');
  return <Transform transform={(_, at) => lines[at] ?? ''}>{` ${'\n'.repeat(lines.length - 1)}`}</Transform>;
});
