import type { Listed, PaneId, SessionState, Sort } from '../../src/session/session.ts';
import {
  attemptColumns,
  grantColumns,
  podColumns,
  policyColumns,
  serviceColumns,
  workloadColumns,
} from '../columns/columns.ts';
import type { Binding } from './binding.ts';

type Sortable = { readonly id: string; readonly title: string; readonly sortKey?: string };

/** One shift-letter per column that has a `sortKey`. */
export const SORTING: readonly Binding[] = [
  ...sorts('pods', podColumns(true), 'pods'),
  ...sorts('pods', workloadColumns(true), 'workloads'),
  ...sorts('pods', serviceColumns(true), 'services'),
  ...sorts('policies', policyColumns(true)),
  ...sorts('attempts', attemptColumns),
  ...sorts('grants', grantColumns),
];

function sorts(pane: PaneId, columns: readonly Sortable[], listed?: Listed): readonly Binding[] {
  return columns.flatMap((column): readonly Binding[] =>
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
              if (hasColumn(column.id)) commands.sort(pane, nextSort(state.panes[pane].sort, column.id));
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
