import type { ServiceRow } from '../../src/session/session.ts';
import { type Column, namespaced } from './column.ts';

const COLUMNS: readonly Column<ServiceRow>[] = [
  {
    id: 'name',
    title: 'NAME',
    align: 'left',
    min: 12,
    max: 64,
    wrap: true,
    priority: 0,
    sortKey: 'N',
    cell: ({ service }) => ({ text: service.name }),
  },
  {
    id: 'type',
    title: 'TYPE',
    align: 'left',
    min: 9,
    priority: 4,
    sortKey: 'T',
    cell: ({ service: { type, headless } }) => ({ text: headless ? 'headless' : type }),
  },
  {
    id: 'ports',
    title: 'PORTS',
    align: 'left',
    min: 9,
    priority: 1,
    sortKey: 'P',
    cell: ({ service }) => ({ text: service.ports.map(portText).join(' ') || '-' }),
  },
  {
    id: 'pods',
    title: 'PODS',
    align: 'right',
    min: 4,
    priority: 1,
    sortKey: 'S',
    cell: ({ pods, service }) => ({
      text: String(pods),
      ...(pods === 0 && service.selector !== undefined ? { tone: 'warn' } : {}),
    }),
  },
  {
    id: 'endpoints',
    title: 'ENDPOINTS',
    align: 'right',
    min: 9,
    priority: 6,
    sortKey: 'E',
    cell: ({ endpoints }) => ({ text: endpoints === 0 ? '-' : String(endpoints) }),
  },
  {
    id: 'selector',
    title: 'SELECTOR',
    align: 'left',
    min: 10,
    priority: 5,
    grow: true,
    cell: ({ service: { selector, externalName } }) => ({
      text: selectorText(selector) ?? externalName ?? '-',
    }),
  },
];

function portText({ port, protocol }: ServiceRow['service']['ports'][number]): string {
  return protocol === 'TCP' ? String(port) : `${port}/${protocol.toLowerCase()}`;
}

function selectorText(selector: Readonly<Record<string, string>> = {}): string | undefined {
  const parts = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return parts.length === 0 ? undefined : parts.join(',');
}

/** The columns of Services; NAMESPACE only if all namespaces are in view. ENDPOINTS counts those without a selector. */
export const serviceColumns = namespaced<ServiceRow>(
  { min: 11, priority: 2, of: ({ service }) => service.namespace },
  COLUMNS,
);
