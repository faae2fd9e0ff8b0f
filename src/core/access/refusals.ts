import { nameOfEnd } from '../cluster/ends/ends.ts';
import type { Verdict } from '../policy/model/verdict.ts';
import type { EndRef, GrantRequest } from './grant.ts';
import { formatPorts } from './names.ts';
import type { GrantPlan } from './plan.ts';

/** A plan that is none, and why. */
export type Refusal = Extract<GrantPlan, { ok: false }>;

/** Why a path is not granted: already open, closed by what no NetworkPolicy overrides, or not known (GRANT-2). */
export function refuse(
  request: GrantRequest,
  pairs: readonly { readonly verdict: Verdict }[],
  worst: Verdict,
): Refusal | undefined {
  const path = `${nameOfEnd(request.source)} to ${nameOfEnd(request.destination)}`;
  if (worst.verdict === 'allow') {
    return {
      ...refusal(
        'already-open',
        `The path from ${path} ${formatPorts(request.ports)} is already open: its end would revoke nothing.`,
        `Egress: ${worst.egress.summary}. Ingress: ${worst.ingress.summary}.`,
      ),
      before: worst,
    };
  }
  for (const { verdict } of pairs) {
    const [blocker] = [...verdict.egress.cannotOpen, ...verdict.ingress.cannotOpen];
    if (blocker !== undefined) {
      return {
        ...refusal(
          'cannot-open',
          `A NetworkPolicy can't open ${path}: ${blocker.replace(/\.$/, '')}.`,
          'Ask the owner of what blocks it.',
        ),
        before: verdict,
      };
    }
  }
  if (!pairs.some(({ verdict }) => verdict.egress.verdict === 'deny' || verdict.ingress.verdict === 'deny')) {
    return {
      ...refusal(
        'cannot-open',
        `Whether ${path} is closed can't be known: ${undecided(worst)}.`,
        'Try the path from the source pod first.',
      ),
      before: worst,
    };
  }
  return undefined;
}

function undecided(verdict: Verdict): string {
  return (
    [verdict.egress, verdict.ingress].find((half) => half.verdict === 'undecidable')?.summary ??
    verdict.assumptions.join('; ')
  );
}

/** An end without running pods. */
export function noPods(end: EndRef, role: 'source' | 'destination'): Refusal {
  return refusal(
    role === 'source' ? 'no-source' : 'no-destination',
    `${nameOfEnd(end)} has no running pods, so there is no ${role}.`,
    'Check the name and the namespace, or wait until its pods run.',
  );
}

/** A port that the destination does not serve. */
export function noSuchPort(request: GrantRequest): Refusal {
  return refusal(
    'invalid',
    `${nameOfEnd(request.destination)} has no port ${formatPorts(request.ports)}.`,
    'Name a port that the destination serves.',
  );
}

/** Drafts that would not do: something else decides the path. */
export function stillClosed(before: Verdict): Refusal {
  return {
    ...refusal(
      'cannot-open',
      'The drafted policies would not open the path.',
      'See explain for what else decides it.',
    ),
    before,
  };
}

/** A plan that is none. */
export function refusal(reason: Refusal['reason'], message: string, hint: string): Refusal {
  return { ok: false, reason, message, hint };
}
