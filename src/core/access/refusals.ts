import { nameOfEnd } from '../cluster/ends/ends.ts';
import type { PathDecision } from '../policy/decide/decision.ts';
import type { Engine } from '../policy/decide/engine.ts';
import { explain } from '../policy/explain/explain.ts';
import { cannotOpen, summarize } from '../policy/explain/half.ts';
import type { Verdict } from '../policy/model/verdict.ts';
import type { EndRef, GrantRequest } from './grant.ts';
import { formatPorts } from './names.ts';
import type { GrantPlan } from './plan.ts';

/** A plan that is none, and why. */
export type Refusal = Extract<GrantPlan, { ok: false }>;

/** Why a path is not granted: already open, closed by what no NetworkPolicy overrides, or not known (GRANT-2). */
export function refuse(
  engine: Engine,
  request: GrantRequest,
  pairs: readonly PathDecision[],
  worst: PathDecision,
): Refusal | undefined {
  const path = `${nameOfEnd(request.source)} to ${nameOfEnd(request.destination)}`;
  if (worst.verdict === 'allow') {
    const { egress, ingress } = summarize(engine.world, worst);
    return {
      ...refusal(
        'already-open',
        `The path from ${path} ${formatPorts(request.ports)} is already open: its end would revoke nothing.`,
        `Egress: ${egress.summary}. Ingress: ${ingress.summary}.`,
      ),
      before: explain(engine, worst),
    };
  }
  for (const pair of pairs) {
    const [blocker] = [...cannotOpen(engine.world, pair.egress), ...cannotOpen(engine.world, pair.ingress)];
    if (blocker !== undefined) {
      return {
        ...refusal(
          'cannot-open',
          `A NetworkPolicy can't open ${path}: ${blocker.replace(/\.$/, '')}.`,
          'Ask the owner of what blocks it.',
        ),
        before: explain(engine, pair),
      };
    }
  }
  if (!pairs.some(({ egress, ingress }) => egress.verdict === 'deny' || ingress.verdict === 'deny')) {
    const before = explain(engine, worst);
    return {
      ...refusal(
        'cannot-open',
        `Whether ${path} is closed can't be known: ${undecided(before)}.`,
        'Try the path from the source pod first.',
      ),
      before,
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
