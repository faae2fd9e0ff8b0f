import {
  type Listed,
  type PaneId,
  type SessionState,
  type Sort,
  tableOf,
  wishesIn,
} from '../../src/session/session.ts';
import { columnsIn } from '../columns/columns.ts';
import type { Binding } from './binding.ts';

/** One shift-letter per column that has a `sortKey`. */
export const SORTING: readonly Binding[] = [
  ...sorts('pods', 'pods'),
  ...sorts('pods', 'workloads'),
  ...sorts('pods', 'services'),
  ...sorts('policies'),
  ...sorts('attempts'),
  ...sorts('grants'),
];

function sorts(pane: 'pods', listed: Listed): readonly Binding[];
function sorts(pane: Exclude<PaneId, 'pods'>): readonly Binding[];
function sorts(pane: PaneId, listed?: Listed): readonly Binding[] {
  return columnsIn(tableOf({ listed: listed ?? 'pods' }, pane), true).flatMap((column): readonly Binding[] =>
    column.sortKey === undefined
      ? []
      : [
          {
            id: `sort-${listed ?? pane}-${column.id}`,
            keys: [column.sortKey],
            scopes: [pane],
            ...(listed === undefined ? {} : { when: (state: SessionState) => state.listed === listed }),
            title: `sort by ${column.title}; again to reverse; again to reset`,
            run: (commands, state, { hasColumn }) => {
              if (wishesIn(state, pane)[column.id] === false)
                commands.notify('warn', `${column.title} is hidden.`, 'Press C to show it.');
              else if (hasColumn(column.id)) commands.sort(pane, nextSort(state.panes[pane].sort, column.id));
              else
                commands.notify(
                  'warn',
                  `${column.title} has no room here.`,
                  'Press z to zoom the pane, or widen the terminal.',
                );
            },
          },
        ],
  );
}

/**
 * The next sorting: the first press sorts in the column's own order (newest, largest, or A first, as the session
 * knows), the second reverses it, the third resets it.
 */
export function nextSort(current: Sort | undefined, column: string): Sort | undefined {
  if (current?.column !== column) return { column, descending: false };
  return current.descending ? undefined : { column, descending: true };
}
