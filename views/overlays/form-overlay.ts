import { keyOf } from '../../src/core/cluster/cluster.ts';
import { formatDuration, type Limits, plural } from '../../src/core/common/common.ts';
import { formatPorts, NOTE_LIMIT, toConfirm } from '../../src/core/grants/grants.ts';
import { nameOfEnd } from '../../src/core/policy/path/path.ts';
import {
  asksForApproval,
  type EndChoices,
  type EndField,
  FIELD_NAMES,
  type GrantField,
  type GrantForm,
  isPlanned,
  notYet,
  type SessionState,
} from '../../src/session/session.ts';
import { choosesDuration } from '../keys/keys.ts';
import { columnsOf, cut, fitLine, type Line, lineColumns, span, wrap } from '../text/text.ts';
import { fieldSpans } from './field.ts';
import { type Content, standFor, type Targets } from './panel.ts';
import { planLines } from './plan-overlay.ts';

const LABEL = 10;

/** Columns of a short field; what is said of it begins behind. */
const FIELD = 17;

/** The grant form, with its plan below. */
export function grantContent(form: GrantForm, state: SessionState): Content {
  const { limits } = state;
  const targets: Targets = new Map();
  const lines = (field: GrantField, notes: readonly Line[], columns: number) =>
    standFor(targets, { type: 'field', field }, fieldLines(field, form, notes, columns, targets));
  return {
    kind: 'dialog',
    targets,
    title: [span(asksForApproval(form) ? ' Ask for approval ' : ' Grant ', 'strong'), ...confirmation(form)],
    scroll: form.scroll,
    right: progress(form, limits),
    lines: (columns) => [
      ...lines('from', endNotes('from', form), columns),
      ...lines('to', endNotes('to', form), columns),
      ...lines('ports', portNotes(form), columns),
      ...lines('duration', durationNotes(form, limits), columns),
      ...lines('reason', reasonNotes(form, limits), columns),
      ...lines('ticket', lengthNotes(form, 'ticket'), columns),
      [],
      ...planLines(form, state, columns),
    ],
  };
}

/** The running step; or what is missing, where the key that grants does not say it. */
function progress(form: GrantForm, limits: Limits): Line {
  if (form.busy !== undefined) return [span(`◌ ${form.busy} `, 'time')];
  const missing = isPlanned(form.field) ? notYet(form, limits) : undefined;
  return missing === undefined ? [] : [span(cut(missing.text, MISSING), 'faint')];
}

/** Columns of what is missing; the plan says all of a refusal. */
const MISSING = 34;

/** In the title, so that it stays visible however far the form is scrolled. */
function confirmation({ confirming, plan }: GrantForm): Line {
  if (!confirming || plan.state !== 'made' || !plan.plan.ok) return [];
  const pods = new Set(plan.plan.isolates.map(({ pod }) => keyOf(pod)));
  const [first] = toConfirm(plan.plan);
  const what = {
    isolates: `isolates ${plural(pods.size, 'pod')}`,
    unknown: 'not all policies are evaluated',
    wide: 'admits very many addresses',
  }[first?.what ?? 'unknown'];
  return [span(`! ${what}: press enter again to confirm `, 'alert')];
}

/** A field with what is said of it: behind it where there is room, else below. */
function fieldLines(
  field: GrantField,
  form: GrantForm,
  notes: readonly Line[],
  columns: number,
  targets: Targets,
): readonly Line[] {
  const active = form.field === field;
  const lines: Line[] = [
    [
      span(FIELD_NAMES[field].padEnd(LABEL), active ? 'strong' : 'faint'),
      ...fieldSpans(form.fields[field], active, columns - LABEL),
    ],
  ];
  for (const note of notes) {
    const last = lines.at(-1) ?? [];
    const gap = Math.max(lines.length === 1 ? LABEL + FIELD - lineColumns(last) : 0, 3);
    if (lineColumns(last) + gap + lineColumns(note) <= columns) {
      lines.splice(-1, 1, [...last, span(' '.repeat(gap)), ...note]);
    } else lines.push([span(' '.repeat(LABEL)), ...note]);
  }
  if (active && form.choices !== undefined) return [...lines, ...choiceLines(form.choices, columns, targets)];
  const problem = form.problems[field];
  if (problem === undefined) return lines;
  const below = wrap(problem, columns - LABEL - 2).map(
    (text, at): Line => [span(`${' '.repeat(LABEL)}${at === 0 ? '✗' : ' '} ${text}`, 'bad')],
  );
  return [...lines, ...below];
}

function endNotes(field: EndField, form: GrantForm): readonly Line[] {
  const found = form.ends[field];
  if (found === undefined) return [];
  const { about, other } = found;
  // ctrl-o acts on the end that has the focus, and on From from anywhere else.
  const turns = other !== undefined && field === (form.field === 'to' ? 'to' : 'from');
  if (!turns) return [[span(about)]];
  const name = nameOfEnd(other);
  const hint = other.type === 'pod' ? `only pod ${name}` : `all of ${name}`;
  return [[span(about)], [span(`(ctrl-o: ${hint})`, 'faint')]];
}

/** What the ports stand for now, if that is not what is written; what to write. */
function portNotes({ ports, field, fields }: GrantForm): readonly Line[] {
  const meant = ports === undefined ? '' : formatPorts(ports);
  const isMeant = meant === '' || meant === fields.ports.text.trim();
  return [
    ...(isMeant ? [] : [[span(`${meant} now`)]]),
    ...(field === 'ports' ? [[span('a number, name or range, or several: 5432/tcp,http', 'faint')]] : []),
  ];
}

/** The presets, with the current one marked, and the maximum. */
function durationNotes(form: GrantForm, limits: Limits): readonly Line[] {
  const { field, fields } = form;
  const current = fields.duration.text.trim();
  const presets = limits.presets
    .map(formatDuration)
    .flatMap((text) => [text === current ? span(`▸${text}`, 'strong') : span(text, 'faint'), span('  ')]);
  const most = `at most ${formatDuration(limits.maxSeconds)}`;
  const arrows = field === 'duration' ? '← → or type; ' : '← →; ';
  return [presets.slice(0, -1), [span(`${choosesDuration(form) ? arrows : ''}${most}`, 'faint')]];
}

function reasonNotes(form: GrantForm, { reasonPattern }: Limits): readonly Line[] {
  return [
    ...lengthNotes(form, 'reason'),
    ...(reasonPattern === undefined ? [] : [[span(`must match ${reasonPattern}`, 'faint')]]),
  ];
}

/** The length from which on the maximum is said. */
const NEAR = NOTE_LIMIT * 0.8;

function lengthNotes({ fields }: GrantForm, field: 'reason' | 'ticket'): readonly Line[] {
  const { length } = fields[field].text;
  if (field === 'ticket' && length === 0) return [[span('optional', 'faint')]];
  return length < NEAR ? [] : [[span(`${length} of at most ${NOTE_LIMIT} characters`, 'warn')]];
}

/** What the text may mean: how to write it, kind, namespace, pods; the chosen one is marked. */
function choiceLines({ items, index, more }: EndChoices, columns: number, targets: Targets): readonly Line[] {
  const blank = span(' '.repeat(LABEL));
  const width = (of: (item: (typeof items)[number]) => string) =>
    Math.max(...items.map((item) => columnsOf(of(item))));
  const [text, kind, namespace] = [
    width((one) => one.text),
    width((one) => one.kind),
    width((one) => one.namespace),
  ];
  const lines = items.flatMap((item, at) => {
    const tone = at === index ? 'strong' : 'plain';
    const cells = `${item.kind.padEnd(kind)}  ${item.namespace.padEnd(namespace)}  ${plural(item.pods, 'pod')}`;
    const room = columns - LABEL - 4 - columnsOf(cells);
    const line: Line = [
      blank,
      span(at === index ? '▸ ' : '  ', tone),
      ...fitLine([span(item.text, tone)], Math.max(8, Math.min(text, room))),
      span(`  ${cells}`, 'faint'),
    ];
    return standFor(targets, { type: 'item', name: item.text }, [line]);
  });
  return more === 0 ? lines : [...lines, [blank, span(`  … ${more} more: type on to find them`, 'faint')]];
}
