import { pickItems, type SessionState } from '../../src/session/session.ts';
import { columnsHere } from '../columns/columns.ts';
import { itemName, paletteList } from './palette.ts';

/** A list in the open overlay: what its items are called, and the chosen one. */
export type OpenList = { readonly names: readonly string[]; readonly index: number | undefined };

/** The list to choose from in the open overlay, if there is one. */
export function openList(state: SessionState): OpenList | undefined {
  const { overlay } = state;
  switch (overlay.type) {
    case 'command': {
      const { items, index } = paletteList(overlay, state);
      return { names: items.map(itemName), index };
    }
    case 'pick':
      return { names: pickItems(overlay.items, overlay.filter.text), index: overlay.index };
    case 'columns':
      return { names: columnsHere(state).map(({ id }) => id), index: overlay.index };
    case 'grant': {
      const { choices } = overlay.form;
      return choices && { names: choices.items.map(({ text }) => text), index: choices.index };
    }
    default:
      return undefined;
  }
}
