import { pickItems } from '../../src/session/app/form/pick-items.ts';
import type { GrantForm, Overlay, SessionState } from '../../src/session/state.ts';
import { textField } from '../../src/session/text-field.ts';
import { contentOf } from '../overlays/overlay-panel.ts';
import { lineText } from '../text/span.ts';

/** Wide enough that no sentence is broken: the reader wraps by itself. */
const COLUMNS = 400;

const EMPTY = textField();

/** What has opened over the panes, whole, and later what is new in it. Text that is being typed is left out. */
export function announceOverlay(before: SessionState, after: SessionState): readonly string[] {
  if (before.overlay === after.overlay) return [];
  if (after.overlay.type === 'none') return ['back'];
  const opened = before.overlay.type !== after.overlay.type;
  const known = opened ? new Set<string>() : new Set(linesOf(before));
  const title = contentOf(after)?.title ?? [];
  return [
    ...(opened ? [lineText(title).trim() || after.overlay.type] : []),
    ...linesOf(after).filter((line) => !known.has(line)),
    ...chosen(before.overlay, after.overlay),
  ];
}

function linesOf(state: SessionState): readonly string[] {
  const content = contentOf({ ...state, overlay: withoutTyping(state.overlay) });
  return (content?.lines(COLUMNS) ?? [])
    .map((line) => lineText(line).replaceAll('▏', '').replace(/ {2,}/g, '  ').trim())
    .filter((text) => text !== '');
}

/** The overlay as it would be with empty fields and the first item chosen: its typing and moving are told apart. */
function withoutTyping(overlay: Overlay): Overlay {
  switch (overlay.type) {
    case 'grant':
      return { ...overlay, form: untyped(overlay.form) };
    case 'extend':
      return { ...overlay, field: EMPTY };
    case 'pick':
      return { ...overlay, filter: EMPTY, index: -1 };
    default:
      return overlay;
  }
}

function untyped(form: GrantForm): GrantForm {
  return {
    ...form,
    field: 'reason',
    fields: { ports: EMPTY, duration: EMPTY, reason: EMPTY, ticket: EMPTY },
  };
}

/** The item that the cursor is on now, or the field. */
function chosen(before: Overlay, after: Overlay): readonly string[] {
  if (after.type === 'pick') {
    const moved = before.type !== 'pick' || before.index !== after.index;
    const items = pickItems(after.items, after.filter.text);
    return moved ? [`${items[after.index] ?? 'nothing'}, ${after.index + 1} of ${items.length}`] : [];
  }
  if (after.type === 'grant') {
    const moved = before.type !== 'grant' || before.form.field !== after.form.field;
    return moved ? [`field ${after.form.field}: ${after.form.fields[after.form.field].text}`] : [];
  }
  return [];
}
