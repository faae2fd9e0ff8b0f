import type { Dialect } from '../../core/policy/dialect.ts';
import { whoseText } from '../../core/policy/support.ts';
import type { Verdict } from '../../core/policy/verdict.ts';
import type { ProbeResult } from '../../core/ports.ts';

/**
 * What a connect test means, one sentence, next to how the policies read: never "policy" where something else could
 * be the cause, and a contradiction said out loud (facts/traffic.md §4.3). `verdict`: of the evaluator for the same
 * path, where there is one.
 */
export function readAs(result: ProbeResult, dialect: Dialect, verdict?: Verdict): string {
  switch (result.outcome) {
    case 'open':
      return readOpen(verdict);
    case 'timeout':
      return readTimeout(verdict);
    case 'refused':
      return readRefused(dialect, verdict);
    case 'dns-failure':
      return (
        'The name could not be resolved, so the path itself was not tried: most often an egress policy that does ' +
        'not admit DNS; try the address.'
      );
    case 'unknown':
      return `Not known: ${result.how}.`;
  }
}

function readOpen(verdict: Verdict | undefined): string {
  switch (verdict?.verdict) {
    case 'deny':
      return (
        `Open, although ${denial(verdict)}: the policy is not enforced here, not yet in force, or something that ` +
        'sluice does not see admits it.'
      );
    case 'allow':
      return 'Open, as the policies say.';
    case 'undecidable':
    case undefined:
      return 'Open now.';
  }
}

function readTimeout(verdict: Verdict | undefined): string {
  switch (verdict?.verdict) {
    case 'deny':
      return `Dropped on the way, as the policies say: ${denial(verdict)}.`;
    case 'allow':
      return (
        'No answer, although the policies allow it: a kind of policy that sluice does not see, the routing, or a ' +
        'destination that is down.'
      );
    case 'undecidable':
    case undefined:
      return 'No answer: dropped on the way, or the destination is down.';
  }
}

/** "Refused" is an answer, but not always the destination's own (facts/traffic.md §0.6). */
function readRefused({ enforcer, rejects }: Dialect, verdict: Verdict | undefined): string {
  const denied = verdict?.verdict === 'deny';
  if (rejects === 'yes') {
    return denied
      ? `Refused by policy, as ${enforcer} does with what it denies: ${denial(verdict)}.`
      : `Refused: ${enforcer} refuses what it denies, else nothing listens there or the service has no endpoints.`;
  }
  if (enforcer === 'cilium' && denied) {
    return `Refused: by policy if this Cilium answers what it denies (policyDenyResponse); ${denial(verdict)}.`;
  }
  if (denied && rejects === 'unknown') {
    return `Refused: by policy if the enforcer answers what it denies (${whoseText(enforcer)}), else nothing listens there; ${denial(verdict)}.`;
  }
  if (denied) {
    return `Refused, although ${denial(verdict)}: it was answered, so the policy did not drop it; nothing listens there.`;
  }
  return 'Refused: the path is open, but nothing listens there, or the service has no endpoints.';
}

/** The half that denies, in its own words. */
function denial({ egress, ingress }: Verdict): string {
  const halves = [
    ...(egress.verdict === 'deny' ? [`egress: ${egress.summary}`] : []),
    ...(ingress.verdict === 'deny' ? [`ingress: ${ingress.summary}`] : []),
  ];
  return halves.length === 0 ? 'the policies deny it' : halves.join('; ');
}
