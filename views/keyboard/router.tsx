import { useApp, useInput, usePaste } from 'ink';
import { type ReactNode, useRef } from 'react';
import type { StoreApi } from 'zustand/vanilla';
import type { Commands, SessionState } from '../../src/session/session.ts';
import {
  type Actions,
  bindingFor,
  READ_SCOPES,
  type Scope,
  scopeOf,
  TEXT_SCOPES,
  type ViewFacts,
} from '../keys/keys.ts';
import { innerRows, layoutOf, placesOf, type Size } from '../layout/layout.ts';
import { overlayPanel } from '../overlays/overlays.ts';
import { type PaintedRows, useUi } from '../ui/ui.ts';
import { type Press, pressesOf } from './press.ts';

export type KeysProps = {
  readonly store: StoreApi<SessionState>;
  readonly commands: Commands;
  /** Copies the item under the cursor to the clipboard. */
  readonly copy: () => void;
  /** Redraws the whole screen, in case something else wrote on it. */
  readonly redraw: () => void;
  /** Called on a second ctrl-c in a row: exit immediately. */
  readonly onInterrupt: () => void;
  /** Stops the process as the shell's ctrl-z does, and returns when it runs again. The terminal is the shell's then. */
  readonly onSuspend: () => void;
  readonly size: Size;
};

/** The only place that reads keys. Each press is looked up in the state left by the previous one. */
export function Keys({ store, commands, copy, redraw, onInterrupt, onSuspend, size }: KeysProps): ReactNode {
  const { painted } = useUi();
  const { suspendTerminal } = useApp();
  const interrupted = useRef(false);
  const suspend = () => void suspendTerminal(onSuspend);

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
    const facts = { ...viewFacts(state, size, painted.at(state.focus)), form: painted.form() };
    painted.press(() => dispatch(one, store.getState, { ...commands, copy, redraw, suspend }, facts));
  };

  useInput((input, key) => {
    if (key.eventType !== 'release') pressesOf(input, key).forEach(press);
  });
  usePaste((text) => {
    if (TEXT_SCOPES.includes(scopeOf(store.getState()))) commands.type({ type: 'insert', text });
  });
  return null;
}

const SCROLLING: readonly Scope[] = [...READ_SCOPES, 'grant'];

/** Facts about the focused pane or the open text: page size, scroll range, rows. */
function viewFacts(state: SessionState, size: Size, { rows, index }: PaintedRows): ViewFacts {
  const rowAt = (below: number) => rows[Math.max(0, Math.min(rows.length - 1, index + below))]?.key;
  const panel = SCROLLING.includes(scopeOf(state)) ? overlayPanel(state, size) : undefined;
  if (panel !== undefined) {
    return { page: Math.max(1, panel.rows - 4), scroll: panel.scroll, scrollMax: panel.scrollMax, rowAt };
  }
  const place = placesOf(layoutOf(size, state.focus, state.zoomed)).find(({ pane }) => pane === state.focus);
  const page = place === undefined ? 10 : Math.max(1, innerRows(place) - 2);
  return { page, scroll: 0, scrollMax: 0, rowAt };
}

/**
 * Handles a key press: runs its binding, or says why it can't, or types its text; unbound keys are ignored. A key that
 * acts on a row first moves the cursor to the row shown under it on the screen: the state may already have another row
 * there.
 */
function dispatch(press: Press, look: () => SessionState, commands: Actions, facts: ViewFacts): void {
  const state = look();
  const scope = scopeOf(state);
  const binding = bindingFor(press.name, scope, state);
  if (binding !== undefined) {
    const row = binding.onRow === true && scope === state.focus ? facts.rowAt(0) : undefined;
    if (row !== undefined && !commands.moveTo(row)) {
      commands.notify('warn', `${press.name}: the row under the cursor is gone.`, GONE_HINT);
      return;
    }
    const reason = binding.disabled?.(look());
    if (reason === undefined) binding.run(commands, look(), facts);
    else commands.notify('warn', `${press.name}: ${reason}`);
    return;
  }
  if (press.text !== undefined && TEXT_SCOPES.includes(scope)) {
    commands.type({ type: 'insert', text: press.text });
  }
}

const GONE_HINT = 'Check the row in its place, then press again.';
