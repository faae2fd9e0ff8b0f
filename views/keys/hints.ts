import type { SessionState } from '../../src/session/session.ts';
import { cut, type Line, lineColumns, type Span, span } from '../text/text.ts';
import type { Binding, Scope } from './binding.ts';
import { bindingFor, bindingsOf } from './bindings.ts';
import { keyLabel } from './label.ts';

/**
 * The keys of a scope that fit in `columns`, most useful first; unavailable ones are listed in the help only, unless they
 * are `dark`.
 */
export function hintLine(scope: Scope, state: SessionState, columns: number): Line {
  const line: Span[] = [];
  const hints = bindingsOf(scope, state)
    .filter((one) => one.hint?.(state) !== undefined && one.footer !== undefined)
    // Another binding of the key may come first now.
    .filter((one) => bindingFor(one.keys[0] ?? '', scope, state) === one)
    .filter(({ disabled, dark }) => dark === true || disabled?.(state) === undefined)
    .sort((a, b) => placeOf(a, state) - placeOf(b, state));
  const shown = fitting(hints, state, columns - 1);
  for (const binding of shown) {
    line.push(span(line.length === 0 ? ' ' : '  '));
    const isOff = binding.disabled?.(state) !== undefined;
    line.push(span(keyLabel(binding.keys[0] ?? ''), isOff ? 'faint' : 'strong'));
    line.push(span(` ${hintOf(binding, state)}`, 'faint'));
  }
  return line;
}

function placeOf({ footer = 0 }: Binding, state: SessionState): number {
  return typeof footer === 'number' ? footer : footer(state);
}

/** As many hints as fit. Help and quit or close always stay; the last of the others are dropped first. */
function fitting(hints: readonly Binding[], state: SessionState, columns: number): readonly Binding[] {
  let shown = hints;
  while (shown.length > 1 && widthOf(shown, state) > columns) {
    const last = shown.findLastIndex(({ id }) => id !== 'help' && id !== 'quit' && id !== 'close');
    if (last < 0) break;
    shown = shown.toSpliced(last, 1);
  }
  return shown;
}

/** Columns of the reason why a key is unavailable; all of it is said when it is pressed. */
const REASON = 34;

function hintOf({ hint, disabled }: Binding, state: SessionState): string {
  const reason = disabled?.(state);
  return reason === undefined ? `${hint?.(state)}` : `${hint?.(state)}: ${cut(reason, REASON)}`;
}

function widthOf(hints: readonly Binding[], state: SessionState): number {
  return hints.reduce(
    (sum, one) => sum + lineColumns([span(`${keyLabel(one.keys[0] ?? '')} ${hintOf(one, state)}  `)]),
    -2,
  );
}
