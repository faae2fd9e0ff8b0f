import type { SessionState } from '../../src/session/state.ts';
import { type Binding, PANES } from '../keys/binding.ts';
import { bindingsOf } from '../keys/bindings.ts';
import { keyLabel } from '../keys/label.ts';
import { MOVING } from '../keys/table/moving.ts';
import { type Line, span } from '../text/span.ts';
import { entry } from '../text/wrap.ts';
import type { Content } from './panel.ts';

const KEYS = 18;

/** The keys of the view under the help, from the binding table, each with why it can't be used now. */
export function helpContent(scroll: number, state: SessionState): Content {
  const here = bindingsOf(state.focus, state);
  const moving = here.filter((binding) => MOVING.includes(binding));
  const own = here.filter(({ scopes }) => scopes.length < PANES.length);
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
  ];
}

const LEGEND =
  'allowed, dropped, not decidable or decided on the request, not known yet, running out, reached but refused';
const ISOLATION =
  'how a pod stands: open (no policy selects it), iso (isolated: only what rules admit), admin (an admin policy applies too)';
