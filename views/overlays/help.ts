import type { SessionState } from '../../src/session/session.ts';
import { type Binding, bindingsOf, keyLabel, MOVING, SORTING } from '../keys/keys.ts';
import { entry, type Line, span } from '../text/text.ts';
import type { Content } from './panel.ts';

const KEYS = 18;

/** The keys of the view below the help, from the binding table, each with the reason if it is unavailable. */
export function helpContent(scroll: number, state: SessionState): Content {
  const here = bindingsOf(state.focus, state);
  const moving = here.filter((binding) => MOVING.includes(binding));
  const own = here.filter((binding) => SORTING.includes(binding));
  const acting = here.filter((binding) => !moving.includes(binding) && !own.includes(binding));
  return {
    kind: 'full',
    title: [span(` Keys for ${state.focus} `, 'strong')],
    scroll,
    lines: (columns) => [
      ...section('Actions', acting, state, columns),
      ...section(`Sort ${state.focus}`, own, state, columns),
      ...section('Navigation', moving, state, columns),
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
  const text = reason === undefined ? span(title) : span(`${title} (unavailable: ${reason})`, 'faint');
  return entry([label], KEYS, text, columns);
}

function notes(columns: number): readonly Line[] {
  return [
    [span('Legend', 'strong')],
    ...entry([span('  ✓ ✗ ? ◌ ◷ →')], KEYS, span(LEGEND), columns),
    ...entry([span('  IN OUT')], KEYS, span(ISOLATION), columns),
    ...entry([span('  LINT')], KEYS, span(LINT), columns),
    [],
    [span('Filters', 'strong')],
    ...FILTERS.flatMap(([filter, text]) => entry([span(`  ${filter}`)], KEYS, span(text), columns)),
  ];
}

const LEGEND =
  'allowed, denied or dropped, undecidable or decided by a proxy, pending, expiring, reached but refused';
const ISOLATION =
  'isolation of a pod: open (no policy isolates it), iso (isolated: only what rules admit), admin (an admin policy decides first), ? (host network: policies do not apply)';
const LINT = 'most severe finding in a policy: ✗ error, ! warning, · info; enter shows them all';
const FILTERS = [
  ['/web', 'rows matching this regular expression, case-insensitive'],
  ['/!web', 'rows not matching it'],
  [
    '/-l app=web',
    'rows with these labels, as with kubectl -l: app!=web, app in (web,db), app, !app; separate several with commas',
  ],
  ['/-f wbxq', 'fuzzy: rows with these letters in this order'],
  ['/in:open', 'pods by isolation: in: or out:, then open, iso, admin or ?'],
  [
    '/lint:',
    'policies with findings; lint:error, lint:warning, lint:selects-nothing; /!lint: for those without',
  ],
] as const;
