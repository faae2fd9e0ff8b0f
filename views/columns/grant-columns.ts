import type { PortSpec } from '../../src/core/cluster/cluster.ts';
import { formatCountdown, formatDuration } from '../../src/core/common/common.ts';
import { formatPorts, type Grant, isOverdue } from '../../src/core/grants/grants.ts';
import { type GrantLine, isLiving } from '../../src/session/session.ts';
import { wallClock } from '../text/text.ts';
import type { Cell, CellContext, Column } from './column.ts';

const BAR = 10;

/** The columns of the Grants pane. */
export const grantColumns: readonly Column<GrantLine>[] = [
  {
    id: 'path',
    title: 'PATH',
    align: 'left',
    min: 16,
    max: 48,
    priority: 0,
    cell: ({ grant }) => ({ text: `${grant.source} → ${grant.destination} ${portsText(grant.ports)}` }),
  },
  {
    id: 'state',
    title: 'STATE',
    align: 'left',
    min: 7,
    priority: 0,
    cell: ({ grant }, { now }) => marked(grantState(grant, now), grant),
  },
  {
    id: 'bar',
    title: '',
    align: 'left',
    min: BAR,
    priority: 3,
    cell: ({ grant }, { now }) => ({ text: bar(grant, now) }),
  },
  { id: 'left', title: 'LEFT', align: 'left', min: 12, priority: 1, grow: true, cell: left },
  {
    id: 'requester',
    title: 'REQUESTER',
    align: 'left',
    min: 12,
    priority: 5,
    cell: ({ grant }) => ({ text: grant.requester, tone: 'faint' }),
  },
  {
    id: 'reason',
    title: 'REASON',
    align: 'left',
    min: 24,
    max: 80,
    priority: 6,
    cell: ({ grant }) => ({ text: reasonText(grant), tone: 'faint' }),
  },
];

/** `:5432`, `:53/udp`, `:80,443`, `:8000-8100`. */
export function portsText(ports: readonly PortSpec[]): string {
  return `:${formatPorts(ports).replaceAll('/tcp', '')}`;
}

/** The ticket, if any, and the reason. */
export function reasonText(grant: Grant): string {
  return grant.ticket === undefined || grant.reason.includes(grant.ticket)
    ? grant.reason
    : `${grant.ticket} ${grant.reason}`;
}

/** State with its symbol. A grant that outlives its window is red, and so is traffic that continues. */
export function grantState(grant: Grant, now: number): Cell {
  if (isOverdue(grant, now) && isLiving(grant) && grant.state.name !== 'failed')
    return { text: '✗ overdue', tone: 'alert' };
  if (grant.waiting !== undefined) return { text: '◌ requested', tone: 'time' };
  switch (grant.state.name) {
    case 'leasing':
      return { text: '◌ leasing', tone: 'faint' };
    case 'applied':
      return { text: '◌ applied', tone: 'time' };
    case 'open':
      return { text: '✓ open', tone: 'good' };
    case 'revoking':
      return { text: '◷ revoking', tone: 'time' };
    case 'revoked':
      return { text: '◌ revoked', tone: 'time' };
    case 'closed':
      return { text: '✓ closed', tone: 'good' };
    case 'unproven':
      return { text: '? unproven', tone: 'time' };
    case 'flowing':
      return { text: '✗ flowing', tone: 'alert' };
    case 'failed':
      return { text: '✗ failed', tone: 'alert' };
  }
}

/** A grant that stands and has troubles is red, whatever its state: there may be no second line to tell them. */
function marked(cell: Cell, grant: Grant): Cell {
  const isMarked = isLiving(grant) && grant.drift.length > 0 && cell.tone !== 'alert';
  return isMarked ? { ...cell, text: cell.text.replace(/^\S+/, '!'), tone: 'alert' } : cell;
}

/** What is left of the window, in ten cells, so that a full bar is a full window; empty without one. */
function bar({ window, state }: Grant, now: number): string {
  if (window === undefined || !(state.name === 'applied' || state.name === 'open')) return '';
  const part = (window.end - now) / (window.end - window.start);
  const full = Math.min(BAR, Math.max(0, Math.ceil(part * BAR)));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** Time left while the grant is live; afterwards, how it ended. */
function left({ grant }: GrantLine, { now }: CellContext): Cell {
  const { state, window, waiting } = grant;
  if (waiting !== undefined) return { text: waitingText(grant, now), tone: 'time' };
  switch (state.name) {
    case 'leasing':
      return { text: 'waiting for the lease', tone: 'faint' };
    case 'applied':
      return { text: `${formatCountdown((window?.end ?? now) - now)} left, not yet seen` };
    case 'open':
      return { text: remaining(grant, now) };
    case 'revoking':
      return { text: window === undefined ? '' : remaining(grant, now) };
    case 'revoked':
      return { text: `${wallClock(state.at)}, checking traffic` };
    case 'closed':
      return { text: `${wallClock(state.at)}, ${state.proof}` };
    case 'unproven':
      return { text: `${wallClock(state.at)}, policy gone; ${state.proof}` };
    case 'flowing':
      return { text: state.connections, tone: 'alert' };
    case 'failed':
      return { text: state.message, tone: 'bad' };
  }
}

/** `59:12 to answer, for 15m`. */
function waitingText({ window, waiting }: Grant, now: number): string {
  const asked = waiting?.seconds === undefined ? '?' : formatDuration(waiting.seconds);
  return `${window === undefined ? '?' : formatCountdown(window.end - now)} to answer, for ${asked}`;
}

function remaining({ window }: Grant, now: number): string {
  return window === undefined
    ? ''
    : `${formatCountdown(Math.min(window.end - now, window.seconds * 1_000))} left of ${formatDuration(window.seconds)}`;
}

/** Whether the grant's state changed within the last second: its row is bold once. */
export function grantChanged({ grant }: GrantLine, { now }: CellContext): boolean {
  return 'at' in grant.state && now - grant.state.at < 1000;
}
