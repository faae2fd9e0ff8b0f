import { barsOf } from '../rows/rows.ts';
import type { App } from './app-parts.ts';
import { setPane } from './navigation.ts';

/** Closes the charts and shows the attempts behind the bar under the cursor. */
export function showBar(app: App, key: string | undefined): void {
  const bar = barsOf(app.state()).find((one) => one.key === key);
  if (bar === undefined) {
    if (key !== undefined) app.notify('warn', 'The bar under the cursor is gone.', 'Move to another one.');
    return;
  }
  app.pop();
  app.set({ focus: 'attempts', dropsOnly: false });
  setPane(app, 'attempts', { filter: bar.filter });
}
