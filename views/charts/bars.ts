import type { TrafficBar } from '../../src/session/session.ts';
import { type Size, scrollTo } from '../layout/layout.ts';
import { columnsOf, fit, type Line, span } from '../text/text.ts';

/** Bars in a panel: its visible lines, and which of all bars these are. */
export type BarList = {
  readonly lines: readonly { readonly key: string; readonly line: Line }[];
  readonly first: number;
};

/** A bar is no shorter than this while a name can be cut, in cells. */
const SHORTEST = 4;

/**
 * Horizontal bars: name, bar, count. Names take what they need, bars the rest. `split`: dropped attempts are the light
 * end of their bar.
 */
export function barList(
  bars: readonly TrafficBar[],
  cursor: string | undefined,
  { columns, rows }: Size,
  split: boolean,
): BarList {
  const at = bars.findIndex(({ key }) => key === cursor);
  const first = at < 0 ? 0 : scrollTo(0, at, rows, bars.length);
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const digits = String(most).length;
  const free = columns - digits - 6;
  const name = Math.min(free - SHORTEST, Math.max(0, ...bars.map((bar) => columnsOf(bar.name))));
  const width = free - name;
  const lines = bars.slice(first, first + rows).map((bar) => {
    const filled = Math.max(1, Math.round((bar.count / most) * width));
    const dropped = Math.min(filled, Math.round((bar.dropped / bar.count) * filled));
    // Neither kind of attempt vanishes from a bar that has both.
    const light = split ? Math.max(dropped, bar.dropped > 0 ? 1 : 0) : 0;
    const line: Line = [
      span(bar.key === cursor ? '▸ ' : '  ', 'strong'),
      span(fit(bar.name, name)),
      span('  '),
      span('█'.repeat(filled - light), split ? 'good' : 'bad'),
      span('░'.repeat(light), 'bad'),
      span(' '.repeat(width - filled)),
      span(` ${fit(String(bar.count), digits, 'right')}`),
    ];
    return { key: bar.key, line };
  });
  return { lines, first };
}
