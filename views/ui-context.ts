import { createContext, useContext } from 'react';
import type { VisibleRows } from '../src/session/commands.ts';
import { createTheme, type Theme } from './theme.ts';

/** What every view may use besides its properties; the same for the whole run. */
export type Ui = { readonly theme: Theme; readonly visibleRows: VisibleRows };

export const UiContext = createContext<Ui>({
  theme: createTheme({ colour: false, ascii: false }),
  visibleRows: (state, pane) => state[pane],
});

export function useUi(): Ui {
  return useContext(UiContext);
}
