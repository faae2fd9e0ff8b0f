import { type SessionState, tableOf } from '../../src/session/session.ts';
import { type AnyColumn, columnName, columnsIn } from '../columns/columns.ts';
import { paneName } from '../panes/panes.ts';
import { columnsOf, fit, type Line, span, type Tone } from '../text/text.ts';
import { type Content, standFor, type Targets } from './panel.ts';

/** As wide as the notes, so that the table stays visible. */
const COLUMNS = 60;

/** The columns of the table in focus, to choose from. `shown`: the ids of those that have room now, if that is known. */
export function columnsContent(index: number, state: SessionState, shown?: readonly string[]): Content {
  const table = tableOf(state, state.focus);
  const wishes = state.columns[table] ?? {};
  const columns = columnsIn(table, state.cluster.namespace === undefined);
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
        const wish = wishes[column.id];
        const isOn = wish ?? column.extra !== true;
        const [note, tone] = noteOf(column, wish, shown?.includes(column.id) !== false);
        const name = fit(columnName(column), names);
        const line: Line = [
          span(place === at ? '▸ ' : '  ', 'strong'),
          span(`[${isOn ? 'x' : ' '}] `),
          span(name, place === at ? 'cursor' : isOn ? 'plain' : 'faint'),
          span(`  ${note}`, tone),
        ];
        return standFor(targets, { type: 'item', name: column.id }, [line]);
      }),
  };
}

function noteOf({ extra }: AnyColumn, wish: boolean | undefined, hasRoom: boolean): readonly [string, Tone] {
  if (!(wish ?? extra !== true)) return ['off', 'faint'];
  const why = wish === true ? 'chosen' : 'automatic';
  return hasRoom ? [why, 'faint'] : [`${why}: no room at this width`, 'warn'];
}
