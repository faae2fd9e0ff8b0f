import { useEffect, useEffectEvent, useRef } from 'react';
import type { Commands, PaneId, SessionState } from '../../src/session/session.ts';
import { READ_SCOPES, type Scope, scopeOf, type ViewFacts } from '../keys/keys.ts';
import { openList } from '../overlays/overlays.ts';
import { type Target, useUi } from '../ui/ui.ts';
import type { MouseInput } from './mouse-input.ts';
import type { MouseEvent } from './mouse-parser.ts';

/** `scroll`: the wheel alone; `click`: the left button too. */
export type MouseUse = 'scroll' | 'click';

/** What is at a cell of the screen. `line`: inside the border of a pane or panel, from 0; outside for its border. */
export type Hit =
  | { readonly type: 'tab'; readonly pane: PaneId }
  | { readonly type: 'pane'; readonly pane: PaneId; readonly line: number }
  | { readonly type: 'panel'; readonly line: number };

export type Mouse = { readonly input: MouseInput; readonly use: MouseUse };

export type MouseProps = {
  readonly mouse: Mouse | undefined;
  readonly hitAt: ((x: number, y: number) => Hit | undefined) | undefined;
  readonly look: () => SessionState;
  readonly commands: Commands;
  readonly facts: () => ViewFacts;
  /** Does what a key does, by its name. */
  readonly press: (name: string) => void;
  /** Does something else as a key would. */
  readonly act: (action: () => void) => void;
};

/** Overlays with a cursor in a list. */
const LIST_SCOPES: readonly Scope[] = ['pick', 'columns', 'command', 'charts'];

/** Lines of a text for one step of the wheel. */
const LINES = 3;

/** Two clicks within this many ms are one double click. */
const DOUBLE = 400;

/** Does what the mouse asks for, by the commands of the keys. */
export function useMouse({ mouse, hitAt, look, commands, facts, press, act }: MouseProps): void {
  const { painted } = useUi();
  const last = useRef({ what: '', at: Number.NEGATIVE_INFINITY });

  const focus = (pane: PaneId) => {
    if (look().focus !== pane) act(() => commands.focus(pane));
  };
  const turn = (hit: Hit, step: 1 | -1) => {
    const key = step === 1 ? 'down' : 'up';
    if (hit.type === 'pane') {
      focus(hit.pane);
      if (painted.at(hit.pane).rows.length > 0) press(key);
    } else if (hit.type === 'panel') {
      const scope = scopeOf(look());
      if (READ_SCOPES.includes(scope)) for (let line = 0; line < LINES; line++) press(key);
      else if (LIST_SCOPES.includes(scope)) press(key);
      else if (scope === 'grant') {
        const { scroll, scrollMax } = facts();
        const target = Math.min(scrollMax, Math.max(0, scroll + step * LINES));
        if (target !== scroll) act(() => commands.move(target - scroll));
      }
    }
  };
  const choose = (target: Target) => {
    const state = look();
    const { overlay } = state;
    if (target.type === 'field') {
      const { field } = target;
      if (overlay.type === 'grant' && overlay.form.field !== field) act(() => commands.grantField(field));
      return;
    }
    const list = openList(state);
    const at = list?.names.indexOf(target.name) ?? -1;
    if (at < 0) return;
    const by = at - (list?.index ?? 0);
    act(() => {
      if (overlay.type === 'command') commands.choose(at);
      else if (overlay.type !== 'grant' && by !== 0) commands.move(by);
      else for (let step = 0; step < Math.abs(by); step++) commands.grantChoice(by > 0 ? 1 : -1);
    });
    if (isDouble(`${overlay.type} ${target.name}`)) press(overlay.type === 'columns' ? 'space' : 'enter');
  };
  const isDouble = (clicked: string): boolean => {
    const now = performance.now();
    const isSecond = last.current.what === clicked && now - last.current.at <= DOUBLE;
    last.current = { what: isSecond ? '' : clicked, at: now };
    return isSecond;
  };
  const click = (hit: Hit) => {
    if (hit.type === 'panel') {
      const target = painted.targetAt(hit.line);
      if (target !== undefined) choose(target);
      return;
    }
    const row = hit.type === 'pane' ? painted.rowAt(hit.pane, hit.line) : undefined;
    focus(hit.pane);
    if (row === undefined) return;
    act(() => {
      if (!commands.moveTo(row))
        commands.notify('warn', 'The clicked row is gone.', 'Check the row in its place.');
    });
    if (isDouble(`${hit.pane} ${row}`)) press('enter');
  };
  const onMouse = useEffectEvent((event: MouseEvent) => {
    const hit = hitAt?.(event.x, event.y);
    if (hit === undefined) return;
    if (event.type === 'wheel') turn(hit, event.step);
    else if (mouse?.use === 'click') click(hit);
  });
  const input = mouse?.input;
  useEffect(() => input?.listen((event) => onMouse(event)), [input]);
}
