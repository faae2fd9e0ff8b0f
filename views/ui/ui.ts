/* Shared by all components: theme, frames, context, clipboard. */

export { mayAnswer, watchBackground } from './background-watch.ts';
export { clipboardCode } from './clipboard.ts';
export { Frame, upperEdge } from './frame.tsx';
export { Painted } from './note-painted.tsx';
export { createPainted, type Painted as PaintedPanes } from './painted.ts';
export { StateLine, StateLines, TextLine } from './text-line.tsx';
export { createTheme, type Emphasis, type Theme, toAscii, wantsColour } from './theme.ts';
export { UiContext, useUi } from './ui-context.ts';
