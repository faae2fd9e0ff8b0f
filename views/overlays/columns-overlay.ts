import { type SessionState, wishesIn } from '../../src/session/session.ts';
import { columnName, columnsHere, isOn } from '../columns/columns.ts';
import { paneName } from '../panes/panes.ts';
import { columnsOf, fit, type Line, span, type Tone } from '../text/text.ts';
import { type Content, standFor, type Targets } from './panel.ts';

/** As wide as the notes, so that the table stays visible. */
const COLUMNS = 60;

/** The columns of the table in focus, to choose from. `shown`: the ids of those that have room now, if that is known. */
export function columnsContent(index: number, state: SessionState, shown?: readonly string[]): Content {
  const wishes = wishesIn(state, state.focus);
  const columns = columnsHere(state);
  const at = Math.min(index, columns.length - 1);
  const names = Math.max(...columns.map((column) => columnsOf(columnName(column))));
  const targets: Targets = new Map();
  return {
    kind: 'dialog',
    columns: COLUMNS,
    targets,
    title: [span(` Columns of ${paneName(state, state.focus)} `, 'strong')],
    keep: at,
    lines: () =>
      columns.flatMap((column, place) => {
        const isChecked = isOn(column, wishes);
        const hasRoom = shown?.includes(column.id) !== false;
        const [note, tone] = isChecked ? noteOf(wishes[column.id], hasRoom) : OFF;
        const name = fit(columnName(column), names);
        const line: Line = [
          span(place === at ? '▸ ' : '  ', 'strong'),
          span(`[${isChecked ? 'x' : ' '}] `),
          span(name, place === at ? 'cursor' : isChecked ? 'plain' : 'faint'),
          span(`  ${note}`, tone),
        ];
        return standFor(targets, { type: 'item', name: column.id }, [line]);
      }),
  };
}

const OFF: readonly [string, Tone] = ['off', 'faint'];

function noteOf(wish: boolean | undefined, hasRoom: boolean): readonly [string, Tone] {
  const why = wish === true ? 'chosen' : 'automatic';
  return hasRoom ? [why, 'faint'] : [`${why}: no room at this width`, 'warn'];
}
