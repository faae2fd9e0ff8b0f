import { formatDuration } from '../../src/core/access/duration.ts';
import type { Grant } from '../../src/core/access/grant.ts';
import type { SessionState } from '../../src/session/state.ts';
import { grantState, portsText } from '../columns/grant.ts';

/** Seconds before the end at which the time left is announced, rather than every second (TERM-10). */
const THRESHOLDS: readonly number[] = [1800, 600, 300, 120, 60, 30, 10];

/** Grants that are new or whose state changed, drift, and countdowns that passed a threshold. */
export function announceGrants(before: SessionState, after: SessionState): readonly string[] {
  const known = new Map(before.grants.map(({ grant }) => [grant.id, grant]));
  return after.grants.flatMap(({ grant }) => {
    const old = known.get(grant.id);
    return [
      ...stateLine(old, grant, after.serverNow),
      ...grant.drift
        .filter((text) => old?.drift.includes(text) !== true)
        .map((text) => `${name(grant)} drifts: ${text}`),
      ...thresholdLine(grant, before.serverNow, after.serverNow),
    ];
  });
}

function stateLine(old: Grant | undefined, grant: Grant, now: number): readonly string[] {
  if (old?.state.name === grant.state.name) return [];
  const word = grantState(grant, now).text.replace(/^\S+ /, '');
  return [`${name(grant)}: ${word}${detail(grant)}`];
}

function detail({ state }: Grant): string {
  switch (state.name) {
    case 'closed':
      return `, ${state.proof}`;
    case 'unproven':
      return `, policy gone; ${state.proof}`;
    case 'flowing':
      return `, ${state.connections}`;
    case 'failed':
      return `, ${state.message} ${state.hint}`;
    case 'leasing':
    case 'applied':
    case 'open':
    case 'revoking':
    case 'revoked':
      return '';
  }
}

function thresholdLine(grant: Grant, before: number, now: number): readonly string[] {
  const { window, state } = grant;
  if (window === undefined || !(state.name === 'open' || state.name === 'applied')) return [];
  const passed = THRESHOLDS.find(
    (seconds) => window.end - before > seconds * 1000 && window.end - now <= seconds * 1000,
  );
  return passed === undefined ? [] : [`${name(grant)}: ${formatDuration(passed)} left`];
}

function name({ source, destination, ports }: Grant): string {
  return `grant ${source} to ${destination} ${portsText(ports)}`;
}
