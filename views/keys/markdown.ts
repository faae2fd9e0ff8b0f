import { type Binding, PANES, type Scope } from './binding.ts';
import { BINDINGS } from './bindings.ts';
import { keyLabel } from './label.ts';

/** The binding table as Markdown: one table for the panes, one for the overlays. */
export function bindingsAsMarkdown(): string {
  const panes = BINDINGS.filter(({ scopes }) => scopes.some(isPane));
  const overlays = BINDINGS.filter(({ scopes }) => !scopes.some(isPane));
  return [
    '| key | action | where |',
    '|---|---|---|',
    ...panes.map(tableRow),
    '',
    '| key | action | overlay |',
    '|---|---|---|',
    ...overlays.map(tableRow),
    '',
  ].join('\n');
}

function tableRow({ keys, title, scopes }: Binding): string {
  const names = keys.map((key) => `\`${keyLabel(key)}\``).join(' ');
  const where = PANES.every((pane) => scopes.includes(pane)) ? 'anywhere' : scopes.join(', ');
  return `| ${names} | ${title} | ${where} |`;
}

function isPane(scope: Scope): boolean {
  return PANES.some((pane) => pane === scope);
}
