import type { Flow } from '../flow.ts';
import type { RowState } from './row-state.ts';

export type DropCount = { readonly reason: string; readonly count: number };
export type NamedCount = { readonly name: string; readonly count: number };

/** Counts for the charts. */
export type Tally = {
  drop(flow: Flow, packets: number): void;
  /** The commonest first. */
  reasons(limit?: number): readonly DropCount[];
};

const TOP = 10;

export function createTally(): Tally {
  const counts = new Map<string, number>();
  return {
    drop(flow, packets) {
      const reason = reasonOf(flow);
      counts.set(reason, (counts.get(reason) ?? 0) + packets);
    },
    reasons: (limit = TOP) =>
      [...counts]
        .map(([reason, count]) => ({ reason, count }))
        .sort((one, other) => other.count - one.count)
        .slice(0, limit),
  };
}

function reasonOf({ dropReason, l7, seen }: Flow): string {
  if (dropReason !== undefined) return dropReason.text;
  if (l7 !== undefined) return `${l7.type} denied`;
  return seen === 'hubble' || seen === 'replay' ? 'No reason given' : 'No answer';
}

/** Sources by attempts over all rows, the busiest first. */
export function talkersOf(rows: Iterable<RowState>, limit: number = TOP): readonly NamedCount[] {
  const counts = new Map<string, number>();
  for (const { source, count } of rows) counts.set(source.name, (counts.get(source.name) ?? 0) + count);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((one, other) => other.count - one.count)
    .slice(0, limit);
}
