import { expect, test } from 'vitest';
import type { Overlay, PaneId, PlanState, SessionState } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { type Binding, PANES, scopeOf } from '../../../views/keys/binding.ts';
import { BINDINGS, bindingFor } from '../../../views/keys/bindings.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type Call, openScreen, type Screen } from '../../helpers/screen.tsx';
import {
  ASKED,
  attemptLine,
  deniedVerdict,
  grantForm,
  grantLine,
  NOW,
  requestLine,
  sessionState,
} from '../../helpers/session-state.ts';

const read = { scroll: 1, search: { field: textField('o'), typing: false, at: 0 } } as const;
const grant = grantLine();
const plan = {
  state: 'made',
  request: ASKED,
  plan: {
    ok: true,
    id: '7f3k',
    source: 'web',
    destination: 'db',
    ports: ASKED.ports,
    seconds: 900,
    before: deniedVerdict(),
    halves: [],
    opens: [],
    extra: [],
    closes: [],
    isolates: [],
    unjudged: [],
    wide: [],
    after: 'the path closes again',
    warnings: [],
  },
  server: { state: 'accepted', changes: [] },
} as const satisfies PlanState;
const choice = { end: ASKED.source, text: 'web', kind: 'Deployment', namespace: 'shop', pods: 1 };
const choices = { items: [choice], index: 0, more: 0 };
const matching = { field: 'from', choices } as const;
const reasonless = { fields: { ...grantForm().fields, reason: textField() } };

const OVERLAYS: readonly Overlay[] = [
  { type: 'none' },
  { type: 'help', of: 'pods', ...read },
  { type: 'messages', ...read },
  { type: 'log', manifests: false, ...read },
  { type: 'explain', title: 'web → db', attempt: attemptLine(), at: NOW, ...read },
  {
    type: 'detail',
    title: 'Pod shop/db-0',
    about: [{ label: 'app', text: 'orders' }],
    lines: [],
    loading: false,
    ...read,
  },
  { type: 'charts' },
  { type: 'help', of: 'pods', scroll: 0, search: { ...read.search, typing: true } },
  { type: 'grant', form: grantForm({ plan }) },
  { type: 'grant', form: grantForm(reasonless) },
  { type: 'grant', form: grantForm({ field: 'ports' }) },
  { type: 'grant', form: grantForm(matching) },
  { type: 'extend', id: grant.key, title: 'Extend', field: textField('5m') },
  { type: 'revoke', ids: [grant.key], title: 'Revoke', consequences: [] },
  { type: 'review', id: 'q9zt', title: 'Request q9zt', about: [], hash: 'ab', loading: false, ...read },
  { type: 'refuse', id: 'q9zt', title: 'Refuse', field: textField('no') },
  { type: 'quit', grants: [grant.grant] },
  { type: 'pick', what: 'context', items: ['a', 'b', 'c'], filter: textField(), index: 1 },
  { type: 'pick', what: 'field', items: ['a'], fields: [], filter: textField(), index: 0 },
  { type: 'columns', index: 1 },
  { type: 'command', of: 'attempts', field: textField('q'), targets: [] },
  { type: 'filter', pane: 'attempts', field: textField('web') },
];

const message = { level: 'warn', text: 'one minute left', grant: grant.key, at: NOW } as const;
const workload = {
  key: 'Deployment/shop/web',
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  pods: 1,
  ready: 1,
  ingress: 'iso',
  egress: 'open',
  oldest: NOW,
} as const;

const panes: SessionState['panes'] = { ...sessionState().panes, attempts: { index: 0, filter: '', wide: 0 } };

/** States in which keys mean something else. */
const STATES: readonly SessionState[] = [
  ...PANES.flatMap(withOverlays),
  sessionState({ panes }),
  sessionState({
    focus: 'grants',
    grants: [requestLine()],
    panes: { ...panes, grants: { ...panes.grants, key: requestLine().key } },
  }),
  sessionState({ login: { context: 'demo', why: 'Its token has expired.', since: NOW } }),
];

function withOverlays(focus: PaneId): readonly SessionState[] {
  return (['pods', 'workloads', 'services'] as const).flatMap((listed) =>
    OVERLAYS.map((overlay) => {
      const columns = { [focus === 'pods' ? listed : focus]: { age: true } };
      const state = sessionState({
        focus,
        listed,
        overlay,
        columns,
        messages: [message],
        workloads: [workload],
      });
      const place = { focus, listed, panes: state.panes, zoomed: false, dropsOnly: false, namespace: 'shop' };
      return { ...state, zoomed: true, trail: [place], ahead: [place] };
    }),
  );
}

/** A key of a binding and a state in which it runs; undefined if there is none. */
function whereRuns(binding: Binding): { readonly key: string; readonly state: SessionState } | undefined {
  for (const state of STATES) {
    const scope = scopeOf(state);
    if (!binding.scopes.includes(scope) || binding.disabled?.(state) !== undefined) continue;
    const key = binding.keys.find((name) => bindingFor(name, scope, state) === binding);
    if (key !== undefined) return { key, state };
  }
  return undefined;
}

const RUNNING = BINDINGS.map((binding) => ({ binding, ...whereRuns(binding) }));

test('a state is known here in which each binding runs', () => {
  expect(RUNNING.filter(({ state }) => state === undefined).map(({ binding }) => binding.id)).toEqual([]);
});

type Run = { readonly binding: Binding; readonly key: string; readonly state: SessionState };
const RUNS = RUNNING.filter((run): run is Run => run.state !== undefined);

/** Done by the screen itself, with no command: each has a test of its own. */
const BY_SCREEN = ['redraw', 'copy', 'suspend'];

/** What a key calls in a state. */
async function callsOf(screen: Screen, state: SessionState, key: string): Promise<readonly Call[]> {
  screen.set(state);
  await screen.settled();
  screen.calls.length = 0;
  screen.press(key);
  const message = `${key} in ${scopeOf(state)}: ${JSON.stringify(state.overlay).slice(0, 200)}`;
  await eventually(() => expect(screen.calls.length, message).toBeGreaterThan(0));
  return [...screen.calls];
}

const namesOf = (calls: readonly Call[]) => calls.map(([name]) => name);

/** What is bound over the panes; the actions of the panes have a test of their own. */
const byCommand = RUNS.filter(
  ({ binding, state }) => state.overlay.type !== 'none' && !BY_SCREEN.includes(binding.id),
);

test('for a screen reader each key over the panes does what it does on the screen', async () => {
  // So wide that all columns are shown, as for a screen reader: only those can be sorted by.
  const screen = openScreen({ columns: 200, rows: 50 });
  const linear = openScreen({ screenReader: true });
  for (const { binding, key, state } of byCommand) {
    const called = await callsOf(screen, state, key);
    expect(namesOf(await callsOf(linear, state, key)), binding.id).toEqual(namesOf(called));
  }
  await screen.close();
  await linear.close();
});

test('the palette runs each action of the text that it was opened over', async () => {
  let below: SessionState['overlay'] = { type: 'none' };
  const screen = openScreen();
  const palette = openScreen({
    commands: (store, recorded) => ({ ...recorded, back: () => store.setState({ overlay: below }) }),
  });
  const offered = byCommand.filter(({ state }) => takesCommands(state));
  expect(offered.length).toBeGreaterThan(15);
  for (const { binding, key, state } of offered) {
    below = state.overlay;
    const of = state.overlay.type === 'none' ? state.focus : state.overlay.type;
    const field = textField(binding.title);
    const open: SessionState = { ...state, overlay: { type: 'command', of, field, targets: [] } };
    const called = await callsOf(screen, state, key);
    // Closing the palette leads back as well.
    if (!namesOf(called).includes('back'))
      expect(await callsOf(palette, open, 'enter'), binding.title).toEqual(called);
  }
  await screen.close();
  await palette.close();
});

function takesCommands(state: SessionState): boolean {
  return bindingFor(':', scopeOf(state), state)?.id === 'command';
}
