import type { Dialect, EnforcerName } from './dialect.ts';
import type { Match, Question, World } from './match.ts';
import type { PortMatch } from './policy.ts';

/**
 * Whether an enforcer is known to take a port item that matches: SCTP and the `endPort` of a NetworkPolicy are left
 * to it (facts/policy.md §1 rules 24, 26).
 */
export function supports(world: World, port: PortMatch, question: Question): Match {
  const { sctp, endPort } = world.dialect;
  const needsEndPort = port.type === 'range' && port.byEndPort === true && question.port > port.from;
  if (needsEndPort && endPort !== 'yes') return open(world, endPort, 'it takes endPort');
  if (port.protocol === 'SCTP' && sctp !== 'yes') return open(world, sctp, 'it filters SCTP');
  return 'yes';
}

function open({ dialect, doubts }: World, known: Dialect['sctp'], what: string): Match {
  if (known === 'no') return 'no';
  doubts?.add(`whether ${what} is ${whoseText(dialect.enforcer)}`);
  return 'maybe';
}

/** `not known of calico`. */
export function whoseText(enforcer: EnforcerName): string {
  return enforcer === 'unknown' || enforcer === 'none'
    ? 'not known: the enforcer is not'
    : `not known of ${enforcer}`;
}
