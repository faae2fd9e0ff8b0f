/* Measuring, cutting and wrapping text in terminal columns. */

export { compact } from './count.ts';
export { columnsOf, cut, fit, fitLine, lineColumns, lineFrom, spread } from './fit.ts';
export { type Line, lineText, type Span, span, type Tone } from './span.ts';
export { age, wallClock } from './time.ts';
export { entry, hanging, wrap } from './wrap.ts';
