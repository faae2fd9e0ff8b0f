import type { Match, Question, World } from '../matching/match.ts';
import type { PortMatch } from '../policy.ts';
import type { EnforcerName } from './dialect.ts';

/**
 * Whether an enforcer is known to take a port item that matches: SCTP, the `endPort` of a NetworkPolicy and the names
 * of a native sidecar's ports are left to it. An item that needs several of them is refused for any one that it does
 * not take, whatever is known of the others.
 */
export function supports(world: World, port: PortMatch, question: Question): Match {
  const { dialect } = world;
  const endPort = needsEndPort(port, question) ? dialect.endPort : 'yes';
  const sidecars = isOnlySidecars(world, port, question) ? dialect.sidecarPortNames : 'yes';
  const sctp = port.protocol === 'SCTP' ? dialect.sctp : 'yes';
  if (endPort === 'no' || sidecars === 'no' || sctp === 'no') return 'no';
  if (endPort === 'yes' && sidecars === 'yes' && sctp === 'yes') return 'yes';
  if (endPort === 'unknown') doubt(world, 'it takes endPort');
  if (sidecars === 'unknown') doubt(world, 'it takes the names of a sidecar’s ports');
  if (sctp === 'unknown') doubt(world, 'it filters SCTP');
  return 'maybe';
}

function doubt({ dialect, doubts }: World, what: string): void {
  doubts?.add(`whether ${what} is ${whoseText(dialect.enforcer)}`);
}

/** The first port of a range counts without its `endPort`. */
function needsEndPort(port: PortMatch, question: Question): boolean {
  return port.type === 'range' && port.byEndPort === true && question.port > port.from;
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

/** `not known of calico`. */
export function whoseText(enforcer: EnforcerName): string {
  return enforcer === 'unknown' || enforcer === 'none'
    ? 'not known: the enforcer is not'
    : `not known of ${enforcer}`;
}
