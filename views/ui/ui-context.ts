import { createContext, useContext } from 'react';
import type { StoreApi } from 'zustand/vanilla';
import type { SessionState, VisibleRows } from '../../src/session/session.ts';
import type { Painted } from './painted.ts';
import type { Theme } from './theme.ts';

/** What every view may use in addition to its props; constant for the whole run. */
export type Ui = {
  readonly store: StoreApi<SessionState>;
  readonly visibleRows: VisibleRows;
  readonly theme: Theme;
  readonly painted: Painted;
};

export const UiContext = createContext<Ui | undefined>(undefined);

/** The context that `runApp` provides. */
export function useUi(): Ui {
  const ui = useContext(UiContext);
  if (ui === undefined) throw new Error('A view needs a UiContext around it.');
  return ui;
}
