/**
 * How a run of text is meant, never how it looks: `theme.ts` gives each tone its escape codes. A verdict always has
 * a symbol and a word besides its tone.
 */
export type Tone = 'plain' | 'faint' | 'strong' | 'good' | 'bad' | 'alert' | 'warn' | 'time' | 'cursor';

export type Span = { readonly text: string; readonly tone?: Tone };

/** One line of the screen, without escape codes. */
export type Line = readonly Span[];

/** A span, for short. */
export function span(text: string, tone?: Tone): Span {
  return tone === undefined ? { text } : { text, tone };
}

/** The line without its tones. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('');
}
