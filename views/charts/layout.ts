import type { SessionState } from '../../src/session/session.ts';
import type { Size } from '../layout/layout.ts';
import type { Chart } from './chart.ts';

type Facts = Pick<SessionState, 'samples' | 'talkers' | 'dropReasons'>;

/** Below this a chart would be nothing but its border. */
export const SMALLEST_CHARTS: Size = { columns: 58, rows: 12 };

/** Width of a bar with its label, in cells. */
const BAR = 14;

/**
 * The charts for a drawing of `size`: on top attempts per second, each verdict with its own scale, as drops are few
 * compared to what is allowed; below top talkers and drop reasons.
 */
export function chartsOf(
  { samples, talkers, dropReasons }: Facts,
  { columns, rows }: Size,
): readonly Chart[] {
  const upper = Math.ceil(rows / 2);
  const labels = samples.map(({ time }) => secondsAgo((samples.at(-1)?.time ?? time) - time));
  const verdicts = (
    [
      ['allowed/s', 'green', samples.map(({ allow }) => allow)],
      ['dropped/s', 'red', samples.map(({ drop }) => drop)],
      ['other/s', 'yellow', samples.map(({ other }) => other)],
    ] as const
  ).filter(([, colour, values]) => colour !== 'yellow' || values.some((value) => value > 0));
  const width = Math.floor(columns / verdicts.length);
  const half = Math.floor(columns / 2);
  return [
    ...verdicts.map(
      ([title, colour, values], index): Chart => ({
        type: 'line',
        left: index * width,
        top: 0,
        width: index === verdicts.length - 1 ? columns - index * width : width,
        height: upper,
        title: `${title}: ${values.at(-1) ?? 0} now`,
        colour,
        labels,
        values,
      }),
    ),
    bars(
      'top talkers',
      'cyan',
      talkers.map(({ name, count }) => [name, count]),
      0,
      half,
      upper,
      rows - upper,
    ),
    bars(
      'drops by reason',
      'red',
      dropReasons.map(({ reason, count }) => [reason, count]),
      half,
      columns - half,
      upper,
      rows - upper,
    ),
  ];
}

function bars(
  title: string,
  colour: Chart['colour'],
  entries: readonly (readonly [string, number])[],
  left: number,
  width: number,
  top: number,
  height: number,
): Chart {
  const shown = entries.filter(([, count]) => count > 0).slice(0, Math.max(1, Math.floor((width - 4) / BAR)));
  return {
    type: 'bars',
    left,
    top,
    width,
    height,
    title: shown.length === 0 ? `${title}: none seen` : title,
    colour,
    labels: shown.map(([name]) => barLabel(name)),
    values: shown.map(([, count]) => count),
  };
}

/** One cell per character: the chart library counts UTF-16 units, so anything else becomes `?`. */
function barLabel(name: string): string {
  const plain = name.replace(/→/gu, '>').replace(/[^\x20-\x7e]/gu, '?');
  return plain.length > BAR - 1 ? `${plain.slice(0, BAR - 2)}~` : plain.padEnd(1);
}

function secondsAgo(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds === 0 ? 'now' : `-${seconds}s`;
}
