import type { SessionState } from '../../src/session/session.ts';
import { type Line, lineColumns, type Span, span } from '../text/text.ts';
import type { Binding, Scope } from './binding.ts';
import { bindingsOf } from './bindings.ts';
import { keyLabel } from './label.ts';

/** The keys of a scope that fit in `columns`, most useful first; unavailable ones are listed in the help only. */
export function hintLine(scope: Scope, state: SessionState, columns: number): Line {
  const line: Span[] = [];
  const hints = bindingsOf(scope, state)
    .filter(({ hint, footer }) => hint !== undefined && footer !== undefined)
    .filter(({ disabled }) => disabled?.(state) === undefined)
    .sort((a, b) => (a.footer ?? 0) - (b.footer ?? 0));
  const shown = fitting(hints, state, columns - 1);
  for (const binding of shown) {
    line.push(span(line.length === 0 ? ' ' : '  '));
    line.push(span(keyLabel(binding.keys[0] ?? ''), 'strong'));
    line.push(span(` ${binding.hint?.(state)}`, 'faint'));
  }
  return line;
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

function widthOf(hints: readonly Binding[], state: SessionState): number {
  return hints.reduce(
    (sum, { keys, hint }) => sum + lineColumns([span(`${keyLabel(keys[0] ?? '')} ${hint?.(state)}  `)]),
    -2,
  );
}
