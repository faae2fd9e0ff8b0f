import { keyOf } from '../../src/core/cluster/cluster.ts';
import { formatDuration, plural } from '../../src/core/common/common.ts';
import type { GrantField, GrantForm, SessionState } from '../../src/session/session.ts';
import { columnsOf, type Line, type Span, span, wrap } from '../text/text.ts';
import { fieldSpans } from './field.ts';
import type { Content } from './panel.ts';
import { planLines } from './plan-overlay.ts';

const LABEL = 10;

/** The grant form, with its plan below. */
export function grantContent(form: GrantForm, state: SessionState): Content {
  return {
    kind: 'dialog',
    title: [span(' Grant ', 'strong'), ...confirmation(form)],
    scroll: form.scroll,
    right: form.busy === undefined ? [] : [span(`◌ ${form.busy} `, 'time')],
    lines: (columns) => [
      ...endLines('From', form.sourceText, scopeHint(form), columns),
      ...endLines('To', form.destinationText, '', columns),
      ...fieldLines('Ports', 'ports', form, '', columns),
      ...fieldLines('For', 'duration', form, durationHint(form, state.limits), columns),
      ...fieldLines('Reason', 'reason', form, '', columns),
      ...fieldLines('Ticket', 'ticket', form, '', columns),
      [],
      ...planLines(form, state, columns),
    ],
  };
}

/** In the title, so that it stays visible however far the form is scrolled. */
function confirmation({ confirming, plan }: GrantForm): Line {
  if (!confirming || plan.state !== 'made' || !plan.plan.ok) return [];
  const pods = new Set(plan.plan.isolates.map(({ pod }) => keyOf(pod)));
  return [span(`! isolates ${plural(pods.size, 'pod')}: press enter again to confirm `, 'alert')];
}

function endLines(label: string, text: string, hint: string, columns: number): readonly Line[] {
  const blank: Span = span(' '.repeat(LABEL));
  const [first = '', ...rest] = wrap(text, columns - LABEL);
  const head: Line = [span(label.padEnd(LABEL), 'faint'), span(first)];
  const fits = rest.length === 0 && LABEL + columnsOf(first) + columnsOf(hint) + 3 <= columns;
  if (hint === '') return [head, ...rest.map((line): Line => [blank, span(line)])];
  if (fits) return [[...head, span(`   ${hint}`, 'faint')]];
  return [head, ...rest.map((line): Line => [blank, span(line)]), [blank, span(hint, 'faint')]];
}

function fieldLines(
  label: string,
  field: GrantField,
  form: GrantForm,
  hint: string,
  columns: number,
): readonly Line[] {
  const active = form.field === field;
  const problem = form.problems[field];
  const line: Line = [
    span(label.padEnd(LABEL), active ? 'strong' : 'faint'),
    ...fieldSpans(form.fields[field], active, columns - LABEL),
    ...(active && hint !== '' ? [span(`   ${hint}`, 'faint')] : []),
  ];
  if (problem === undefined) return [line];
  return [
    line,
    ...wrap(problem, columns - LABEL - 2).map((text): Line => [span(`${' '.repeat(LABEL)}✗ ${text}`, 'bad')]),
  ];
}

function scopeHint({ canScope, scope }: GrantForm): string {
  if (!canScope) return '';
  return scope === 'workload' ? '(tab: this pod only)' : '(tab: whole workload)';
}

/** The presets, with the current one marked, and the maximum. */
function durationHint({ fields }: GrantForm, limits: SessionState['limits']): string {
  const presets = limits.presets
    .map(formatDuration)
    .map((text) => (text === fields.duration.text ? `▸${text}` : text));
  return `${presets.join('  ')}   ← → or type; max ${formatDuration(limits.maxSeconds)}`;
}
