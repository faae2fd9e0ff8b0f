import { useApp, useInput, usePaste } from 'ink';
import { type ReactNode, useRef } from 'react';
import type { StoreApi } from 'zustand/vanilla';
import type { Commands, Copyable, SessionState } from '../../src/session/session.ts';
import {
  type Actions,
  type Binding,
  bindingFor,
  READ_SCOPES,
  type Scope,
  scopeOf,
  TEXT_SCOPES,
  unboundText,
  type ViewFacts,
} from '../keys/keys.ts';
import { innerRows, layoutOf, placesOf, type Size } from '../layout/layout.ts';
import { overlayPanel, type PaletteItem, type PaletteList, paletteList } from '../overlays/overlays.ts';
import { grantLinesOf } from '../panes/panes.ts';
import { type PaintedPanes, useUi } from '../ui/ui.ts';
import { type Press, pressesOf } from './press.ts';
import { type Mouse, type MouseProps, useMouse } from './use-mouse.ts';

export type KeysProps = {
  readonly store: StoreApi<SessionState>;
  readonly commands: Commands;
  /** Copies to the clipboard: the given text, or the whole item under the cursor. */
  readonly copy: (one?: Copyable) => void;
  /** Redraws the whole screen, in case something else wrote on it. */
  readonly redraw: () => void;
  /** Called on a second ctrl-c in a row: exit immediately. */
  readonly onInterrupt: () => void;
  /** What uses the terminal while the app does not: the shell, after ctrl-z, and a login. */
  readonly away: Readonly<Record<'suspend' | 'login', () => void | Promise<void>>>;
  /** Called before the app leaves the terminal, and once it draws again. */
  readonly onAway?: (isAway: boolean) => void;
  readonly size: Size;
  /** The mouse of the terminal, if it is used, and what is at a cell. */
  readonly mouse?: Mouse | undefined;
  readonly hitAt?: MouseProps['hitAt'];
};

/** The only place that reads keys. Each press is looked up in the state left by the previous one. */
export function Keys(props: KeysProps): ReactNode {
  const { store, commands, copy, redraw, onInterrupt, away, onAway, size, mouse, hitAt } = props;
  const { painted } = useUi();
  const { suspendTerminal } = useApp();
  const interrupted = useRef(false);
  const leaveFor = (what: keyof KeysProps['away']) => {
    onAway?.(true);
    void suspendTerminal(away[what]).finally(() => onAway?.(false));
  };
  const look = store.getState;
  const facts = () => ({ ...viewFacts(look(), size, painted), form: painted.form() });

  const actions: Actions = {
    ...commands,
    copy,
    redraw,
    suspend: () => leaveFor('suspend'),
    login: () => leaveFor('login'),
    runChosen: () => {
      const item = chosenItem(look());
      if (item?.what === 'action') {
        commands.back();
        runBinding(item.action, item.note, look, actions, facts());
      } else if (item?.what === 'target') commands.go(item.target);
      else {
        if (item !== undefined) commands.complete(item.line);
        commands.confirm();
      }
    },
    chooseNext: (step) => {
      const list = listed(look());
      if (list === undefined || list.items.length === 0) return;
      const { length } = list.items;
      commands.choose(
        list.index === undefined ? (step > 0 ? 0 : length - 1) : (list.index + step + length) % length,
      );
    },
    completeChosen: () => {
      const { overlay } = look();
      const list = listed(look());
      const item = chosenItem(look()) ?? list?.items[0];
      if (overlay.type !== 'command' || item === undefined) return;
      const line = item.what === 'line' ? (item.takes ? `${item.line} ` : item.line) : undefined;
      if (line === undefined || line === overlay.field.text) actions.chooseNext(1);
      else commands.complete(line);
    },
  };

  const press = (one: Press) => {
    if (one.name === 'ctrl-c') {
      if (interrupted.current) onInterrupt();
      else commands.quit();
      interrupted.current = true;
      return;
    }
    act(() => dispatch(one, look, actions, facts()));
  };
  const act = (action: () => void) => {
    interrupted.current = false;
    if (look().notice?.level === 'error') commands.dismiss();
    painted.press(action);
  };

  useInput((input, key) => {
    if (key.eventType !== 'release') pressesOf(input, key).forEach(press);
  });
  useMouse({ mouse, hitAt, look, commands, facts, press: (name) => press({ name }), act });
  usePaste((text) => {
    if (TEXT_SCOPES.includes(scopeOf(look()))) commands.type({ type: 'insert', text });
    else commands.remark('nothing takes pasted text here; / or : opens a line that does');
  });
  return null;
}

function listed(state: SessionState): PaletteList | undefined {
  return state.overlay.type === 'command' ? paletteList(state.overlay, state) : undefined;
}

function chosenItem(state: SessionState): PaletteItem | undefined {
  const list = listed(state);
  return list?.index === undefined ? undefined : list.items[list.index];
}

const SCROLLING: readonly Scope[] = [...READ_SCOPES, 'grant', 'search'];

/** Facts about the focused pane or the open text: page size, scroll range, rows. */
function viewFacts(state: SessionState, size: Size, painted: PaintedPanes): ViewFacts {
  const { rows, index } = painted.at(state.focus);
  const sideways = painted.sideways(state.focus);
  const hasColumn = (id: string) => painted.hasColumn(state.focus, id);
  const rowAt = (below: number) => rows[Math.max(0, Math.min(rows.length - 1, index + below))]?.key;
  const panel = SCROLLING.includes(scopeOf(state)) ? overlayPanel(state, size) : undefined;
  if (panel !== undefined) {
    const { scroll, scrollMax, matches } = panel;
    return { page: Math.max(1, panel.rows - 4), scroll, scrollMax, matches, rowAt, sideways, hasColumn };
  }
  const place = placesOf(
    layoutOf(size, { focus: state.focus, zoomed: state.zoomed, grantLines: grantLinesOf(state) }),
  ).find(({ pane }) => pane === state.focus);
  const page = place === undefined ? 10 : Math.max(1, innerRows(place) - 2);
  return { page, scroll: 0, scrollMax: 0, matches: [], rowAt, sideways, hasColumn };
}

/** Handles a key press: runs its binding, or types its text, or says that it does nothing here. */
function dispatch(press: Press, look: () => SessionState, commands: Actions, facts: ViewFacts): void {
  const state = look();
  const scope = scopeOf(state);
  const binding = bindingFor(press.name, scope, state);
  if (binding !== undefined) {
    runBinding(binding, press.name, look, commands, facts);
  } else if (TEXT_SCOPES.includes(scope)) {
    if (press.text !== undefined) commands.type({ type: 'insert', text: press.text });
  } else {
    const text = unboundText(press.name, state);
    if (state.notice?.text !== text) commands.remark(text);
  }
}

/**
 * Runs a binding, or says why it can't. A key that acts on a row first moves the cursor to the row shown under it on
 * the screen: the state may already have another row there.
 */
function runBinding(
  binding: Binding,
  label: string,
  look: () => SessionState,
  commands: Actions,
  facts: ViewFacts,
): void {
  const state = look();
  const row = binding.onRow === true && scopeOf(state) === state.focus ? facts.rowAt(0) : undefined;
  if (row !== undefined && !commands.moveTo(row)) {
    commands.notify('warn', `${label}: the row under the cursor is gone.`, GONE_HINT);
    return;
  }
  const reason = binding.disabled?.(look());
  if (reason === undefined) binding.run(commands, look(), facts);
  else commands.notify('warn', `${label}: ${reason}`);
}

const GONE_HINT = 'Check the row in its place, then press again.';
