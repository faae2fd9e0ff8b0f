import type { AttemptLine, SessionState } from '../state/state.ts';

/** Attempts under one name, for a bar of the charts. */
export type TrafficBar = {
  readonly key: string;
  readonly name: string;
  readonly count: number;
  /** How many of them were dropped. */
  readonly dropped: number;
  /** The filter of the Attempts pane that finds exactly their rows. */
  readonly filter: string;
};

/** Most attempts first. Both count what the rows count: their attempts, and those that were ever dropped. */
export type TrafficBars = {
  readonly paths: readonly TrafficBar[];
  readonly drops: readonly TrafficBar[];
};

/** The bars for some rows. A row's drops go to what dropped it last. */
export function trafficBars(lines: readonly AttemptLine[]): TrafficBars {
  const paths = new Map<string, TrafficBar>();
  const drops = new Map<string, TrafficBar>();
  for (const line of lines) {
    const { sourceName, destinationName, port, protocol, count, dropped } = line.row;
    const where = `${port === undefined ? '' : ` :${port}`}${protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`}`;
    add(paths, {
      key: `path ${sourceName} ${destinationName} ${port} ${protocol}`,
      name: `${sourceName} → ${destinationName}${where}`,
      count,
      dropped,
      filter: `^${literally(`${sourceName} ${destinationName} ${port ?? ''} ${protocol}`)} `,
    });
    if (dropped === 0) continue;
    const name = line.droppedBy ?? UNKNOWN;
    add(drops, {
      key: `drops ${name}`,
      name,
      count: dropped,
      dropped,
      filter: `${literally(droppedText(line))}$`,
    });
  }
  return { paths: sorted(paths), drops: sorted(drops) };
}

/** The bars that the cursor of the charts goes through, from top to bottom. */
export function barsOf({ attempts }: Pick<SessionState, 'attempts'>): readonly TrafficBar[] {
  const { paths, drops } = trafficBars(attempts);
  return [...paths, ...drops];
}

/** By what a row was dropped, as its filter finds it; empty if it never was. Not a word that finds a verdict. */
export function droppedText({ row, droppedBy }: AttemptLine): string {
  return row.dropped === 0 ? '' : `denied:${droppedBy ?? UNKNOWN}`;
}

const UNKNOWN = 'not known';

function add(bars: Map<string, TrafficBar>, bar: TrafficBar): void {
  const before = bars.get(bar.key);
  const count = (before?.count ?? 0) + bar.count;
  bars.set(bar.key, { ...bar, count, dropped: (before?.dropped ?? 0) + bar.dropped });
}

function sorted(bars: ReadonlyMap<string, TrafficBar>): readonly TrafficBar[] {
  return [...bars.values()].sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
