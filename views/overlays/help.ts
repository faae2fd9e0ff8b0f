import { type Overlay, patternOf, type SessionState } from '../../src/session/session.ts';
import { type Binding, bindingsOf, GRANT_FORM, keyLabel, MOVING, SORTING } from '../keys/keys.ts';
import { entry, fitLine, type Line, lineText, span } from '../text/text.ts';
import type { Content } from './panel.ts';

const KEYS = 18;

/** From this width on the entries are in two columns. */
const TWO = 110;

const GAP = 3;

/** What the help lists under one heading, each entry wrapped for a width. */
type Section = { readonly name: string; readonly entries: readonly ((columns: number) => readonly Line[])[] };

/**
 * The keys of the view below the help, from the binding table, each with the reason if it is unavailable. A search
 * leaves the entries that match.
 */
export function helpContent(
  { of, scroll, search }: Extract<Overlay, { type: 'help' }>,
  state: SessionState,
): Content {
  const here = bindingsOf(of, state);
  const moving = here.filter((binding) => MOVING.includes(binding));
  const own = here.filter((binding) => SORTING.includes(binding));
  const acting = here.filter((binding) => !moving.includes(binding) && !own.includes(binding));
  const keys = (bindings: readonly Binding[]) =>
    bindings.map((binding) => (columns: number) => keyEntry(binding, state, columns));
  const sections: readonly Section[] = [
    { name: 'Actions', entries: keys(acting) },
    { name: `Sort ${of}`, entries: keys(own) },
    { name: 'Navigation', entries: keys(moving) },
    { name: 'In the grant form', entries: keys(GRANT_FORM) },
    ...NOTES,
  ];
  const text = search?.field.text ?? '';
  const left = text === '' ? sections : sections.map((section) => matching(section, patternOf(text)));
  return {
    kind: 'full',
    title: [span(` Keys for ${of} `, 'strong')],
    right: [span(' / finds a key ', 'faint')],
    scroll,
    lines: (columns) => {
      const lines = laid(
        left.filter(({ entries }) => entries.length > 0),
        columns,
      );
      return lines.length === 0 ? [[span(`no key or note matches ${text}`, 'warn')]] : lines;
    },
  };
}

function matching({ name, entries }: Section, pattern: RegExp): Section {
  return {
    name,
    entries: entries.filter((lines) =>
      lines(Number.MAX_SAFE_INTEGER).some((line) => pattern.test(lineText(line))),
    ),
  };
}

/** The sections one below the other; in a wide terminal the first at the left, the others at the right. */
function laid(sections: readonly Section[], columns: number): readonly Line[] {
  const [first, ...others] = sections;
  if (columns < TWO || first === undefined || others.length === 0) return stacked(sections, columns);
  const width = Math.floor((columns - GAP) / 2);
  const left = stacked([first], width);
  const right = stacked(others, columns - width - GAP);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => {
    const beside = right[at] ?? [];
    return beside.length === 0 ? (left[at] ?? []) : [...fitLine(left[at] ?? [], width + GAP), ...beside];
  });
}

function stacked(sections: readonly Section[], columns: number): readonly Line[] {
  return sections.flatMap(({ name, entries }, at): readonly Line[] => [
    ...(at === 0 ? [] : [[]]),
    [span(name, 'strong')],
    ...entries.flatMap((lines) => lines(columns)),
  ]);
}

function keyEntry({ keys, title, disabled }: Binding, state: SessionState, columns: number): readonly Line[] {
  const reason = disabled?.(state);
  const label = span(`  ${keys.map(keyLabel).join(' ')}`, reason === undefined ? 'plain' : 'faint');
  const text = reason === undefined ? span(title) : span(`${title} (unavailable: ${reason})`, 'faint');
  return entry([label], KEYS, text, columns);
}

function note(label: string, text: string): Section['entries'][number] {
  return (columns) => entry([span(`  ${label}`)], KEYS, span(text), columns);
}

const NOTES: readonly Section[] = [
  {
    name: 'Other than in k9s, lazygit and vi',
    entries: [
      note('a p o', 'attempts, policies and pods of the row, not attach, previous logs, node'),
      note('s d', 'mark source and destination, not shell, describe: enter describes'),
      note('g', 'grants, not the first row: Home goes there'),
      note('C F', 'columns of the pane, a field to copy; shift-letters of titles sort'),
      note('h', 'history of a grant, not left: tab and shift-tab change panes'),
      note('[ ] -', 'back and forward through views, as in k9s'),
    ],
  },
  {
    name: 'Legend',
    entries: [
      note(
        '✓ ✗ ? ◌ ◷ →',
        'allowed, denied or dropped, undecidable or decided by a proxy, pending, expiring, reached but refused',
      ),
      note(
        'IN OUT',
        'isolation of a pod: open (no policy isolates it), iso (isolated: only what rules admit), admin (an admin policy decides first), ? (host network: policies do not apply)',
      ),
      note('LINT', 'most severe finding in a policy: ✗ error, ! warning, · info; enter shows them all'),
    ],
  },
  {
    name: 'Filters',
    entries: [
      note('/web', 'rows matching this regular expression, case-insensitive'),
      note('/!web', 'rows not matching it'),
      note(
        '/-l app=web',
        'rows with these labels, as with kubectl -l: app!=web, app in (web,db), app, !app; separate several with commas',
      ),
      note('/-f wbxq', 'fuzzy: rows with these letters in this order'),
      note('/in:open', 'pods by isolation: in: or out:, then open, iso, admin or ?'),
      note(
        '/lint:',
        'policies with findings; lint:error, lint:warning, lint:selects-nothing; /!lint: for those without',
      ),
    ],
  },
];
