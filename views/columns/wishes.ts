import type { ColumnWishes } from '../../src/session/session.ts';
import type { AnyColumn } from './tables.ts';

/** Before every column but those that say which row it is. */
const ASKED = 0.5;

const NONE: ColumnWishes = {};

/**
 * The columns that may be shown: without those that were hidden, and without those that nobody asked for and that are
 * off by themselves. The others that were asked for are dropped last for want of room. A table never loses all.
 */
export function wished<Of extends AnyColumn>(
  columns: readonly Of[],
  wishes: ColumnWishes = NONE,
): readonly Of[] {
  const left = columns.flatMap((column): readonly Of[] => {
    const wish = wishes[column.id];
    if (!(wish ?? column.extra !== true)) return [];
    return wish === true ? [{ ...column, priority: Math.min(column.priority, ASKED) }] : [column];
  });
  return left.length === 0 ? columns.slice(0, 1) : left;
}
