import uFuzzy from '@leeoniya/ufuzzy';
import type { Overlay, PaletteTarget, SessionState } from '../../src/session/session.ts';
import { type Binding, bindingsOf, keyLabel } from '../keys/keys.ts';
import { cut, fit, type Line, type Span, span, spread, wrap } from '../text/text.ts';
import { fieldSpans } from './field.ts';
import { type Content, standFor, type Targets } from './panel.ts';

type Palette = Extract<Overlay, { type: 'command' }>;

/** One item of the palette: an action of the binding table, a place to go to, or a command line. */
export type PaletteItem = { readonly kind: string; readonly text: string; readonly note: string } & (
  | { readonly what: 'action'; readonly action: Binding }
  | { readonly what: 'target'; readonly target: PaletteTarget }
  | { readonly what: 'line'; readonly line: string; readonly takes: boolean }
);

/** The items that match what was typed, best first, and the one that enter runs, if any. */
export type PaletteList = { readonly items: readonly PaletteItem[]; readonly index: number | undefined };

const remembered = new WeakMap<Palette, PaletteList>();

/**
 * What the palette offers. A command typed in full comes first and is what enter runs; then what has every typed word
 * in it, then what is only similar, which must be chosen before enter runs it.
 */
export function paletteList(overlay: Palette, state: SessionState): PaletteList {
  const known = remembered.get(overlay);
  if (known !== undefined) return known;
  const list = listOf(overlay, state);
  remembered.set(overlay, list);
  return list;
}

/** What tells an item from the others. */
export function itemName({ kind, text, note }: PaletteItem): string {
  return `${kind} ${text} ${note}`;
}

/** Why an item can't be run now. */
export function cannotRun(item: PaletteItem | undefined, state: SessionState): string | undefined {
  return item?.what === 'action' ? item.action.disabled?.(state) : undefined;
}

function listOf({ field, of, targets, index }: Palette, state: SessionState): PaletteList {
  const text = field.text.trimStart();
  const [word = '', ...rest] = text.split(/\s+/);
  const command = targets.find((target) => 'names' in target && target.names?.includes(word));
  const typed = text.trim();
  if (command !== undefined && 'line' in command && (typed === word || command.takes !== undefined)) {
    const first: PaletteItem = {
      ...itemOf(command),
      text: typed,
      what: 'line',
      line: typed,
      takes: rest.length === 0 && command.takes !== undefined,
    };
    const others =
      rest.length > 0 && command.takes !== undefined
        ? argumentItems(word, command.takes, rest.join(' '), targets)
        : matching(text, itemsOf(of, targets, state)).items.filter((item) => item.text !== command.text);
    const items = [first, ...others.filter((item) => item.text !== typed)];
    return { items, index: chosen(index, items, 0) };
  }
  const { items, sure } = matching(text, itemsOf(of, targets, state));
  return { items, index: chosen(index, items, sure ? 0 : undefined) };
}

function chosen(
  index: number | undefined,
  items: readonly PaletteItem[],
  otherwise: number | undefined,
): number | undefined {
  if (items.length === 0) return undefined;
  return index === undefined ? otherwise : Math.max(0, Math.min(items.length - 1, index));
}

function itemOf(target: PaletteTarget): PaletteItem {
  const { kind, text, note } = target;
  if ('line' in target) {
    const { line, takes } = target;
    return { kind, text, note, what: 'line', line, takes: takes !== undefined };
  }
  return { kind, text, note, what: 'target', target };
}

/** Commands, then the actions of the place, then what has a name. */
function itemsOf(
  of: Palette['of'],
  targets: readonly PaletteTarget[],
  state: SessionState,
): readonly PaletteItem[] {
  const actions = bindingsOf(of, state).map(
    (action): PaletteItem => ({
      kind: 'action',
      text: action.title,
      note: action.keys.map(keyLabel).join(' '),
      what: 'action',
      action,
    }),
  );
  const [commands, others] = [
    targets.filter(({ kind }) => kind === 'command'),
    targets.filter(({ kind }) => kind !== 'command'),
  ];
  return [...commands.map(itemOf), ...actions, ...others.map(itemOf)];
}

/** `ns sh` offers `ns shop`. */
function argumentItems(
  word: string,
  takes: 'namespace' | 'context',
  argument: string,
  targets: readonly PaletteTarget[],
): readonly PaletteItem[] {
  const items = targets.flatMap((target): readonly PaletteItem[] =>
    target.kind === takes
      ? [
          {
            ...itemOf(target),
            text: `${word} ${target.text}`,
            what: 'line',
            line: `${word} ${target.text}`,
            takes: false,
          },
        ]
      : [],
  );
  return argument === '' ? items : matching(argument, items).items;
}

/** At most this many letters may stand between two typed ones. */
const fuzzy = new uFuzzy({ intraIns: 1, interIns: Number.POSITIVE_INFINITY });

const MOST = 200;

/** The items that match, best first; `sure` if the first has every typed word in it. */
function matching(
  text: string,
  all: readonly PaletteItem[],
): { readonly items: readonly PaletteItem[]; readonly sure: boolean } {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return { items: all, sure: false };
  const texts = all.map(({ kind, text: shown, note }) => `${shown} ${note} ${kind}`.toLowerCase());
  const exact = all
    .map((item, at) => ({ item, at, rank: rankOf(item.text.toLowerCase(), texts[at] ?? '', words) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.at - b.at);
  const taken = new Set(exact.map(({ at }) => at));
  const similar = (fuzzy.filter(texts, words.join(' ')) ?? []).filter((at) => !taken.has(at));
  return {
    items: [...exact.map(({ item }) => item), ...similar.flatMap((at) => all[at] ?? [])].slice(0, MOST),
    sure: exact.length > 0,
  };
}

/** 0 if the words are the name, 1 if it begins with the first, 2 if each begins a word of the text, 3 if each occurs. */
function rankOf(name: string, text: string, words: readonly string[]): number | undefined {
  if (!words.every((word) => text.includes(word))) return undefined;
  if (name === words.join(' ')) return 0;
  if (name.startsWith(words[0] ?? '')) return 1;
  const parts = text.split(' ');
  return words.every((word) => parts.some((part) => part.startsWith(word))) ? 2 : 3;
}

/** Items shown at once. */
const SHOWN = 12;

const KIND = 11;

/** The palette: the prompt, what is wrong with the line, the items, and why the chosen one can't be run. */
export function paletteContent(overlay: Palette, state: SessionState): Content {
  const { items, index } = paletteList(overlay, state);
  const { field, problem } = overlay;
  const targets: Targets = new Map();
  return {
    kind: 'dialog',
    targets,
    title: [span(' Go, run, find ', 'strong')],
    right: [span(` ${items.length} `, 'faint')],
    lines: (columns) => {
      const first = Math.max(0, Math.min((index ?? 0) - Math.floor(SHOWN / 2), items.length - SHOWN));
      const shown = items.slice(first, first + SHOWN);
      const why = cannotRun(index === undefined ? undefined : items[index], state);
      return [
        [span(':', 'strong'), ...fieldSpans(field, true, columns - 2)],
        ...notes(problem, 'bad', columns),
        ...(items.length === 0 && problem === undefined ? [[span('no matches', 'warn')]] : []),
        ...shown.flatMap((item, at) =>
          standFor(targets, { type: 'item', name: itemName(item) }, [
            itemLine(item, first + at === index, cannotRun(item, state), columns),
          ]),
        ),
        ...Array.from({ length: SHOWN - shown.length }, (): Line => []),
        ...notes(why, 'warn', columns),
      ];
    },
  };
}

function notes(text: string | undefined, tone: 'bad' | 'warn', columns: number): readonly Line[] {
  const symbol = tone === 'bad' ? '✗' : '!';
  return text === undefined ? [] : wrap(`${symbol} ${text}`, columns).map((line) => [span(line, tone)]);
}

function itemLine(
  { kind, text, note }: PaletteItem,
  at: boolean,
  why: string | undefined,
  columns: number,
): Line {
  const name: Span = span(text, at ? 'cursor' : why === undefined ? 'plain' : 'faint');
  const left: Line = [span(at ? '▸ ' : '  ', 'strong'), span(fit(kind, KIND), 'faint'), name];
  const right = why === undefined ? note : `✗ ${why}`;
  return spread(left, [span(`  ${cut(right, Math.floor(columns * 0.45))}`, 'faint')], columns);
}
