import type { Match, Question, World } from '../matching/match.ts';
import type { PortMatch } from '../policy.ts';
import type { Dialect, EnforcerName } from './dialect.ts';

/**
 * Whether an enforcer is known to take a port item that matches: SCTP, the `endPort` of a NetworkPolicy and the names
 * of a native sidecar's ports are left to it (NP-24 to NP-26).
 */
export function supports(world: World, port: PortMatch, question: Question): Match {
  const { sctp, endPort } = world.dialect;
  const needsEndPort = port.type === 'range' && port.byEndPort === true && question.port > port.from;
  if (needsEndPort && endPort !== 'yes') return open(world, endPort, 'it takes endPort');
  if (isOnlySidecars(world, port, question)) {
    const { sidecarPortNames } = world.dialect;
    if (sidecarPortNames !== 'yes')
      return open(world, sidecarPortNames, 'it takes the names of a sidecar’s ports');
  }
  if (port.protocol === 'SCTP' && sctp !== 'yes') return open(world, sctp, 'it filters SCTP');
  return 'yes';
}

/** Whether a name that matched is declared by native sidecars alone; Cilium's look-up counts none of them. */
function isOnlySidecars(
  { dialect }: World,
  port: PortMatch,
  { destination, port: number }: Question,
): boolean {
  if (port.type !== 'named' || destination.type !== 'pod' || dialect.identityLabels) return false;
  return destination.pod.ports
    .filter((item) => item.name === port.name && item.protocol === port.protocol && item.port === number)
    .every(({ sidecar }) => sidecar === true);
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
