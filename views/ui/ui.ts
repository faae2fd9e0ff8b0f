/* Shared by all components: theme, frames, context, clipboard. */

export { type Attention, createAttention, type NotifyWishes } from './attention.ts';
export { mayAnswer, watchBackground } from './background-watch.ts';
export { clipboardCode } from './clipboard.ts';
export { Frame, upperEdge } from './frame.tsx';
export { markPassed } from './grant-news.ts';
export { asTerminal, createInput } from './input.ts';
export { Painted } from './note-painted.tsx';
export { createPainted, type Painted as PaintedPanes, type Target } from './painted.ts';
export { MOUSE_OFF, MOUSE_ON } from './terminal-codes.ts';
export { terminalTakes } from './terminal-takes.ts';
export { StateLine, StateLines, TextLine } from './text-line.tsx';
export { createTheme, type Emphasis, type Theme, toAscii, wantsColour } from './theme.ts';
export { UiContext, useUi } from './ui-context.ts';
