import { useInput, usePaste } from 'ink';
import { type ReactNode, useRef } from 'react';
import type { StoreApi } from 'zustand/vanilla';
import type { Commands } from '../../src/session/commands.ts';
import type { SessionState } from '../../src/session/state.ts';
import type { Size } from '../layout/layout.ts';
import { useUi } from '../ui-context.ts';
import { scopeOf, TEXT_SCOPES } from './binding.ts';
import { dispatch } from './dispatch.ts';
import { type Press, pressesOf } from './press.ts';
import { viewFacts } from './view-facts.ts';

export type KeysProps = {
  readonly store: StoreApi<SessionState>;
  readonly commands: Commands;
  /** Copies what the cursor is on to the clipboard. */
  readonly copy: () => void;
  /** Draws the whole screen again, should something else have written on it. */
  readonly redraw: () => void;
  /** Called at a second ctrl-c in a row: end at once. */
  readonly onInterrupt: () => void;
  readonly size: Size;
};

/** The only place where keys come in. Each press is looked up in the state that the one before has left. */
export function Keys({ store, commands, copy, redraw, onInterrupt, size }: KeysProps): ReactNode {
  const { painted } = useUi();
  const interrupted = useRef(false);

  const press = (one: Press) => {
    if (one.name === 'ctrl-c') {
      if (interrupted.current) onInterrupt();
      else commands.quit();
      interrupted.current = true;
      return;
    }
    interrupted.current = false;
    if (store.getState().notice?.level === 'error') commands.dismiss();
    const state = store.getState();
    const facts = viewFacts(state, size, painted.at(state.focus));
    painted.press(() => dispatch(one, store.getState, { ...commands, copy, redraw }, facts));
  };

  useInput((input, key) => {
    if (key.eventType !== 'release') pressesOf(input, key).forEach(press);
  });
  usePaste((text) => {
    if (TEXT_SCOPES.includes(scopeOf(store.getState()))) commands.type({ type: 'insert', text });
  });
  return null;
}
