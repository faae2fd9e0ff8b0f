import type { Grant } from '../../core/access/grant.ts';

/** Whether a grant still stands, or may: it must be ended or left to its lease. */
export function isLiving({ state }: Grant): boolean {
  switch (state.name) {
    case 'leasing':
    case 'applied':
    case 'open':
    case 'revoking':
    case 'failed':
      return true;
    case 'revoked':
    case 'closed':
    case 'unproven':
    case 'flowing':
      return false;
  }
}

/** How long an ended grant stays on the screen, in ms: a minute when all is well, longer when it isn't. */
export function staysFor({ state }: Grant): number {
  switch (state.name) {
    case 'closed':
    case 'revoked':
      return 60_000;
    case 'unproven':
    case 'flowing':
      return 600_000;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
