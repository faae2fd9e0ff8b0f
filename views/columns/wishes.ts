import type { ColumnWishes } from '../../src/session/session.ts';
import type { AnyColumn } from './tables.ts';

/** Before every column but those that say which row it is. */
const ASKED = 0.5;

/** Whether a column is shown where it has room: as the user asked, else unless it is off by itself. */
export function isOn({ id, extra }: AnyColumn, wishes: ColumnWishes): boolean {
  return wishes[id] ?? extra !== true;
}

/**
 * The columns that may be shown: without those that were hidden, and without those that nobody asked for and that are
 * off by themselves. The others that were asked for are dropped last for want of room. A table never loses all.
 */
export function wished<Of extends AnyColumn>(columns: readonly Of[], wishes: ColumnWishes): readonly Of[] {
  const left = columns.flatMap((column): readonly Of[] => {
    if (!isOn(column, wishes)) return [];
    return wishes[column.id] === true
      ? [{ ...column, priority: Math.min(column.priority, ASKED) }]
      : [column];
  });
  return left.length === 0 ? columns.slice(0, 1) : left;
}
