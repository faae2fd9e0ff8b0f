import { parseDuration, plural } from '../../src/core/common/common.ts';
import type { GrantWindow } from '../../src/core/grants/grants.ts';
import {
  type AboutItem,
  type Overlay,
  pickItems,
  type SessionState,
  type TextField,
} from '../../src/session/session.ts';
import { grantState, portsText } from '../columns/columns.ts';
import { type Line, span, wallClock, wrap } from '../text/text.ts';
import { attemptListLines } from './attempt-list.ts';
import { fieldSpans } from './field.ts';
import { type Item, indented, layItems } from './items.ts';
import { type Content, standFor, type Targets } from './panel.ts';

type Of<Type extends Overlay['type']> = Extract<Overlay, { type: Type }>;

/** Asks how long to extend a grant. */
export function extendContent(
  { id, title, field, problem }: Of<'extend'>,
  { grants }: SessionState,
): Content {
  const window = grants.find(({ key }) => key === id)?.grant.window;
  return {
    kind: 'dialog',
    title: [span(' Extend ', 'strong')],
    lines: (columns) => [
      ...texts(title, columns),
      [span('For another ', 'faint'), ...fieldSpans(field, true, columns - 12)],
      ...(problem === undefined ? newEnd(window, field) : texts(`✗ ${problem}`, columns, 'bad')),
    ],
  };
}

/** The new end of the grant, if the typed text is a duration. */
function newEnd(window: GrantWindow | undefined, { text }: TextField): readonly Line[] {
  const seconds = secondsOf(text);
  if (window === undefined || seconds === undefined) return [];
  const ends = `◷ ends ${wallClock(window.end + seconds * 1_000)} instead of ${wallClock(window.end)}`;
  return [[span(ends, 'time')]];
}

function secondsOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

/** Asks why a request is refused. */
export function refuseContent({ id, title, field, problem }: Of<'refuse'>): Content {
  return {
    kind: 'dialog',
    title: [span(` Refuse ${id} `, 'strong')],
    lines: (columns) => [
      ...texts(title, columns),
      [span('Because ', 'faint'), ...fieldSpans(field, true, columns - 8)],
      ...(problem === undefined
        ? [[span('whoever asked is told, with your name', 'faint')]]
        : texts(`✗ ${problem}`, columns, 'bad')),
    ],
  };
}

/** What somebody asks for, planned anew. */
export function reviewContent({ title, about, loading, scroll }: Of<'review'>): Content {
  return {
    kind: 'full',
    title: [span(` ${title} `, 'strong')],
    right: loading ? [span(' ◌ planning ', 'time')] : [],
    scroll,
    lines: (columns) => layItems(about.map(aboutItem), columns),
  };
}

/** Confirms a revocation and lists its consequences. */
export function revokeContent({ title, consequences }: Of<'revoke'>): Content {
  return {
    kind: 'dialog',
    title: [span(' Revoke ', 'strong')],
    lines: (columns) => [
      ...texts(title, columns),
      [],
      ...consequences.flatMap((text) => texts(`· ${text}`, columns)),
    ],
  };
}

/** Asks what to do with live grants before the app quits or switches to another cluster. */
export function quitContent(overlay: Of<'quit'>, { serverNow, grants: known }: SessionState): Content {
  const { busy, target } = overlay;
  const leave = target === undefined ? 'quit' : `switch to ${target.context ?? target.namespace}`;
  const grants = overlay.grants.map((grant) => known.find(({ key }) => key === grant.id)?.grant ?? grant);
  const ends = grants.flatMap(({ window }) => (window === undefined ? [] : [wallClock(window.end)]));
  const one = grants.length === 1;
  const leased = ends.length === 0 ? '' : ` at ${ends.join(' and ')}`;
  return {
    kind: 'dialog',
    title: [span(` ${plural(grants.length, 'grant')} ${one ? 'is' : 'are'} open `, 'strong')],
    right: busy === undefined ? [] : [span(`◌ ${busy} `, 'time')],
    lines: () => [
      ...grants.map((grant): Line => {
        const { text, tone } = grantState(grant, serverNow);
        const path = `${grant.source} → ${grant.destination} ${portsText(grant.ports)}   `;
        return [span(path), span(text, tone)];
      }),
      [],
      [span('r ', 'strong'), span(`revoke ${one ? 'it' : 'all'} and ${leave} (enter)`)],
      [span('k ', 'strong'), span(`keep: the cluster ends ${one ? 'it' : 'them'}${leased}`)],
      [span('esc ', 'strong'), span('cancel')],
    ],
  };
}

/** A list to pick from, filtered as you type. */
export function pickContent({ what, items: all, current, filter, index: at }: Of<'pick'>): Content {
  const items = pickItems(all, filter.text);
  const index = Math.min(at, items.length - 1);
  const targets: Targets = new Map();
  return {
    kind: 'dialog',
    targets,
    title: [span(what === 'field' ? ' copy which field ' : ` ${what} `, 'strong')],
    right: [span(` ${items.length} `, 'faint')],
    keep: index + 1,
    lines: (columns) => [
      [span('/', 'strong'), ...fieldSpans(filter, true, columns - 2)],
      ...(items.length === 0 ? [[span('no matches', 'warn')]] : []),
      ...items.flatMap((item, place) =>
        standFor(targets, { type: 'item', name: item }, [
          [
            span(place === index ? '▸ ' : '  ', 'strong'),
            span(item, place === index ? 'cursor' : 'plain'),
            span(item === current ? '  ● current' : '', 'good'),
          ],
        ]),
      ),
    ],
  };
}

/** One object in full: its description, then its YAML, line by line; or the attempts of a row. */
export function detailContent({
  title,
  about = [],
  attempts,
  lines,
  scroll,
  loading,
}: Of<'detail'>): Content {
  return {
    kind: 'full',
    title: [span(` ${title} `, 'strong')],
    right: loading ? [span(' ◌ loading ', 'time')] : [],
    scroll,
    lines: (columns) => [
      ...layItems(about.map(aboutItem), columns),
      ...attemptListLines(attempts ?? [], columns),
      ...(about.length === 0 || (lines.length === 0 && !loading) ? [] : [[], [span('YAML', 'strong')]]),
      ...lines.flatMap((line) => indented(line, columns)),
    ],
  };
}

const LEVELS = { good: 'good', warn: 'warn', bad: 'bad', faint: 'faint' } as const;

function aboutItem({ label, text, level, apart = false }: AboutItem): Item {
  const tone = level === undefined ? undefined : LEVELS[level];
  return {
    label: span(label, tone === 'faint' ? 'faint' : (tone ?? 'strong')),
    text: span(text, tone),
    apart,
  };
}

function texts(text: string, columns: number, tone?: 'bad'): readonly Line[] {
  return wrap(text, columns).map((line): Line => [span(line, tone)]);
}
