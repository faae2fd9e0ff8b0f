import { type SessionState, wishesIn } from '../../src/session/session.ts';
import { columnName, columnsHere, isOn } from '../columns/columns.ts';
import type { Binding } from './binding.ts';

/** Choosing the columns of a pane. */
export const CHOOSING_COLUMNS: readonly Binding[] = [
  {
    id: 'toggle-column',
    keys: ['space'],
    scopes: ['columns'],
    title: 'show or hide the column; one that was asked for goes last where there is no room',
    hint: () => 'show or hide',
    footer: 1,
    run: (commands, state, { hasColumn }) => {
      const columns = columnsHere(state);
      const column = columns[cursorIn(state)];
      if (column === undefined) return;
      const wishes = wishesIn(state, state.focus);
      const isShown = wishes[column.id] ?? (isOn(column, wishes) && hasColumn(column.id));
      const others = columns.filter((one) => one !== column && isOn(one, wishes));
      if (isShown && others.length === 0)
        commands.notify(
          'warn',
          `${columnName(column)} is the only column left.`,
          'Show another one before you hide it.',
        );
      else commands.showColumn(column.id, !isShown);
    },
  },
  {
    id: 'reset-columns',
    keys: ['r'],
    scopes: ['columns'],
    title: 'all columns automatic again',
    hint: () => 'all automatic',
    footer: 2,
    disabled: (state) =>
      Object.keys(wishesIn(state, state.focus)).length === 0
        ? 'all columns are automatic already'
        : undefined,
    run: (commands) => commands.resetColumns(),
  },
  {
    id: 'columns-done',
    keys: ['enter', 'C'],
    scopes: ['columns'],
    title: 'back',
    run: (commands) => commands.back(),
  },
  moving('column-up', ['k', 'up'], 'one column up', -1),
  moving('column-down', ['j', 'down'], 'one column down', 1),
  moving('column-first', ['home', 'ctrl-a', 'pageup', 'ctrl-b'], 'first column', Number.NEGATIVE_INFINITY),
  moving(
    'column-last',
    ['G', 'end', 'ctrl-e', 'pagedown', 'ctrl-f'],
    'last column',
    Number.POSITIVE_INFINITY,
  ),
];

function moving(id: string, keys: readonly string[], title: string, step: number): Binding {
  return {
    id,
    keys,
    scopes: ['columns'],
    title,
    run: (commands, state) => {
      const last = columnsHere(state).length - 1;
      const at = cursorIn(state);
      const target = Math.min(last, Math.max(0, at + step));
      if (target !== at) commands.move(target - at);
    },
  };
}

function cursorIn({ overlay }: SessionState): number {
  return overlay.type === 'columns' ? overlay.index : 0;
}
