import { expect, test } from 'vitest';
import type { Overlay, PaneId } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { PANES, READ_SCOPES, type Scope } from '../../../views/keys/binding.ts';
import { BINDINGS, bindingsOf } from '../../../views/keys/bindings.ts';
import { paletteList } from '../../../views/overlays/palette.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type Call, openScreen } from '../../helpers/screen.tsx';
import { requestLine, sessionState } from '../../helpers/session-state.ts';

const palette = (of: Exclude<Scope, 'search'>, text: string): Extract<Overlay, { type: 'command' }> => ({
  type: 'command',
  of,
  field: textField(text),
  targets: [
    { kind: 'command', text: 'charts', note: 'traffic charts', line: 'charts', names: ['charts', 'traffic'] },
  ],
});

test.each([...PANES, ...READ_SCOPES, 'charts'] as const)(
  'every action in %s is found by what it does',
  (of) => {
    if (of === 'search') throw new Error('not a place');
    const state = PANES.includes(of as PaneId) ? sessionState({ focus: of as PaneId }) : sessionState();
    for (const { title } of bindingsOf(of, state)) {
      const { items, index } = paletteList(palette(of, title), state);
      expect(items[index ?? -1], title).toMatchObject({ kind: 'action', text: title });
    }
  },
);

/** What the first pane may list in place of pods. */
const LISTED = ['workloads', 'services'] as const;

/** What the terminal and not a command does; each has a test of its own. */
const OF_TERMINAL = ['login', 'redraw', 'suspend'];

test.each([false, true])(
  'every action of the panes runs by key and by name (as lines: %s)',
  async (screenReader) => {
    const screen = openScreen({
      screenReader,
      commands: (store, recorded) => ({
        ...recorded,
        back: () => {
          recorded.back();
          store.setState({ overlay: { type: 'none' } });
        },
      }),
    });
    await screen.until('sluice');
    const walked = new Set<string>();
    const after = async (...keys: readonly string[]): Promise<readonly Call[]> => {
      screen.calls.length = 0;
      screen.press(...keys);
      await eventually(() => expect(screen.calls.length).toBeGreaterThan(0));
      return [...screen.calls];
    };
    // As lines, the cursor of the attempts is always on a row.
    const first = { ...sessionState().panes.attempts, key: sessionState().attempts[0]?.key };
    const panes = { ...sessionState().panes, attempts: first };
    const views = [
      ...PANES.map((focus) => ({ focus })),
      ...LISTED.map((listed) => ({ focus: 'pods' as const, listed })),
      {
        focus: 'grants' as const,
        grants: [requestLine()],
        panes: { ...panes, grants: { ...panes.grants, key: requestLine().key } },
      },
      { focus: 'policies' as const, panes: { ...panes, policies: { ...panes.policies, wide: 0 } } },
    ];
    for (const view of views) {
      const { focus } = view;
      for (const { id, keys, title } of bindingsOf(focus, sessionState(view))) {
        if (OF_TERMINAL.includes(id)) continue;
        walked.add(id);
        screen.set(sessionState({ panes, ...view, notice: undefined }));
        const byKey = await after(keys[0] ?? '');
        screen.set({ overlay: palette(focus, title), notice: undefined });
        const byName = await after('enter');
        expect(byName.slice(1).map(withoutKey), `${focus}: ${id}`).toEqual(byKey.map(withoutKey));
      }
    }
    await screen.close();
    const ofPanes = BINDINGS.filter(({ scopes }) => scopes.some((scope) => PANES.includes(scope as PaneId)));
    expect(ofPanes.map(({ id }) => id).filter((id) => !walked.has(id) && !OF_TERMINAL.includes(id))).toEqual(
      [],
    );
  },
);

/** A refusal names the key that was pressed; the palette names all keys of the action. */
function withoutKey([name, ...args]: Call): Call {
  return [name, ...args.map((arg) => (typeof arg === 'string' ? arg.replace(/^\S+( \S+)*: /, '') : arg))];
}
