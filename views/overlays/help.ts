import type { SessionState } from '../../src/session/session.ts';
import { type Binding, bindingsOf, keyLabel, MOVING, SORTING } from '../keys/keys.ts';
import { entry, type Line, span } from '../text/text.ts';
import type { Content } from './panel.ts';

const KEYS = 18;

/** The keys of the view under the help, from the binding table, each with why it can't be used now. */
export function helpContent(scroll: number, state: SessionState): Content {
  const here = bindingsOf(state.focus, state);
  const moving = here.filter((binding) => MOVING.includes(binding));
  const own = here.filter((binding) => SORTING.includes(binding));
  const acting = here.filter((binding) => !moving.includes(binding) && !own.includes(binding));
  return {
    kind: 'full',
    title: [span(` Keys in ${state.focus} `, 'strong')],
    scroll,
    lines: (columns) => [
      ...section('Do', acting, state, columns),
      ...section(`Sort ${state.focus}`, own, state, columns),
      ...section('Move', moving, state, columns),
      ...notes(columns),
    ],
  };
}

function section(
  name: string,
  bindings: readonly Binding[],
  state: SessionState,
  columns: number,
): readonly Line[] {
  if (bindings.length === 0) return [];
  return [[span(name, 'strong')], ...bindings.flatMap((binding) => keyEntry(binding, state, columns)), []];
}

function keyEntry({ keys, title, disabled }: Binding, state: SessionState, columns: number): readonly Line[] {
  const reason = disabled?.(state);
  const label = span(`  ${keys.map(keyLabel).join(' ')}`, reason === undefined ? 'plain' : 'faint');
  const text = reason === undefined ? span(title) : span(`${title} (not now: ${reason})`, 'faint');
  return entry([label], KEYS, text, columns);
}

function notes(columns: number): readonly Line[] {
  return [
    [span('Read', 'strong')],
    ...entry([span('  ✓ ✗ ? ◌ ◷ →')], KEYS, span(LEGEND), columns),
    ...entry([span('  IN OUT')], KEYS, span(ISOLATION), columns),
    ...entry([span('  LINT')], KEYS, span(LINT), columns),
    [],
    [span('Filter', 'strong')],
    ...FILTERS.flatMap(([filter, text]) => entry([span(`  ${filter}`)], KEYS, span(text), columns)),
  ];
}

const LEGEND =
  'allowed, dropped, not decidable or decided on the request, not known yet, running out, reached but refused';
const ISOLATION =
  "how a pod stands: open (no policy isolates it), iso (isolated: only what rules admit), admin (an administrator's policy decides first), ? (on the host network: policies do not apply)";
const LINT =
  'the gravest mistake found in a policy: ✗ it does not do what it says, ! it surprises, · worth knowing; enter tells all';
const FILTERS = [
  ['/web', 'rows with this text; a regular expression, whatever the case'],
  ['/!web', 'rows without it'],
  [
    '/-l app=web',
    "rows with these labels, as kubectl's -l: app!=web, app in (web,db), app, !app; several with commas",
  ],
  ['/-f wbxq', 'rows with these letters in this order'],
  ['/in:open', 'pods that stand so: in: or out:, and open, iso, admin or ?'],
  ['/lint:', 'policies with a mistake; lint:error, lint:warning, lint:selects-nothing; /!lint: without'],
] as const;
