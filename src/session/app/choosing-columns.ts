import { asSluiceError, type SluiceError } from '../../core/common/common.ts';
import type { ColumnWishes } from '../runtime/runtime.ts';
import { type Commands, tableOf, wishesIn } from '../state/state.ts';
import type { App } from './app-parts.ts';

export type ChoosingColumns = Pick<Commands, 'openColumns' | 'showColumn' | 'resetColumns'> & {
  /** Takes over what was chosen in earlier sessions; resolves with what keeps it from being read. */
  readonly restore: () => Promise<SluiceError | undefined>;
};

/** Which columns the user asked for or hid, for each table and over sessions. */
export function choosingColumns(app: App): ChoosingColumns {
  const store = app.deps.columns;
  let saved: Promise<void> = Promise.resolve();
  /** Whether the file can't be read: said once. */
  let broken = false;

  const setWishes = (wishes: ColumnWishes) => {
    const { columns, focus, panes } = app.state();
    const table = tableOf(app.state(), focus);
    app.set({ columns: { ...columns, [table]: wishes } });
    const { sort } = panes[focus];
    if (sort !== undefined && wishes[sort.column] === false) {
      app.set({ panes: { ...panes, [focus]: { ...panes[focus], sort: undefined } } });
      app.refresh();
    }
    if (store === undefined || broken) return;
    // One after the other, and only this table: another sluice may have chosen for the others meanwhile.
    saved = saved.then(async () => {
      const all = (await store.load()) ?? {};
      await store.save({ ...all, [table]: app.state().columns[table] ?? {} });
    });
    app.run(async () => {
      const mine = saved;
      saved = mine.catch(() => undefined);
      await mine;
    });
  };

  return {
    openColumns: () => app.push({ type: 'columns', index: 0 }),
    showColumn: (id, shown) => setWishes({ ...wishesIn(app.state(), app.state().focus), [id]: shown }),
    resetColumns: () => setWishes({}),
    restore: async () => {
      try {
        const columns = await store?.load();
        if (columns !== undefined) app.set({ columns });
        return undefined;
      } catch (error) {
        broken = true;
        return asSluiceError(error);
      }
    },
  };
}
