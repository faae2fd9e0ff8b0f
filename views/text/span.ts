/**
 * What a run of text means, never how it looks: `theme.ts` gives each tone its escape codes. A verdict always has a
 * symbol and a word in addition to its tone.
 */
export type Tone = 'plain' | 'faint' | 'strong' | 'good' | 'bad' | 'alert' | 'warn' | 'time' | 'cursor';

export type Span = { readonly text: string; readonly tone?: Tone };

/** One line of the screen, without escape codes. */
export type Line = readonly Span[];

/** Creates a span. */
export function span(text: string, tone?: Tone): Span {
  return tone === undefined ? { text } : { text, tone };
}

/** The plain text of a line. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('');
}
