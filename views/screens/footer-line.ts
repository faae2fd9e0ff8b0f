import type { VisibleRows } from '../../src/session/commands.ts';
import type { Notice, SessionState } from '../../src/session/state.ts';
import { type Scope, scopeOf } from '../keys/binding.ts';
import { hintLine } from '../keys/hints.ts';
import { fieldSpans } from '../overlays/field.ts';
import { several } from '../text/count.ts';
import { spread } from '../text/fit.ts';
import { type Line, span, type Tone } from '../text/span.ts';

/** Dialogs that carry their own keys, so that the eye stays in them. */
const OWN_HINTS: readonly Scope[] = ['grant', 'extend', 'revoke', 'quit', 'pick'];

/** The last line: what is being typed, else a notice, else the keys. */
export function footerLine(state: SessionState, visibleRows: VisibleRows, columns: number): Line {
  const { overlay, notice } = state;
  if (overlay.type === 'command') {
    const help = overlay.problem === undefined ? [] : [span(` ✗ ${overlay.problem} `, 'bad')];
    const completions = overlay.problem === undefined ? several(overlay.completions, 8) : '';
    return spread(
      [span(' :', 'strong'), ...fieldSpans(overlay.field, true), span(`   ${completions}`, 'faint')],
      help,
      columns,
    );
  }
  if (overlay.type === 'filter') {
    const found = visibleRows(state, overlay.pane).length;
    const count = span(`   ${found} of ${state[overlay.pane].length} match`, found === 0 ? 'warn' : 'faint');
    return spread(
      [span(' /', 'strong'), ...fieldSpans(overlay.field, true), count],
      [span('enter apply  esc back ', 'faint')],
      columns,
    );
  }
  if (notice !== undefined) return noticeLine(notice);
  const scope = scopeOf(state);
  return OWN_HINTS.includes(scope) ? [] : hintLine(scope, state, columns);
}

const LEVELS: Readonly<Record<Notice['level'], readonly [string, Tone]>> = {
  info: ['', 'plain'],
  warn: ['! ', 'warn'],
  error: ['✗ ', 'alert'],
};

function noticeLine({ level, text, hint }: Notice): Line {
  const [symbol, tone] = LEVELS[level];
  return [span(` ${symbol}${text}`, tone), ...(hint === undefined ? [] : [span(`  ${hint}`)])];
}
