import type { Match, Question, World } from '../match/match.ts';
import type { PortMatch } from '../model/policy.ts';
import type { EnforcerName, Known } from './dialect.ts';

/** What a port item that matches needs of an enforcer, and whether that is known to be there. */
type Needs = { readonly endPort: Known; readonly sidecars: Known; readonly sctp: Known };

/**
 * Whether an enforcer is known to take a port item that matches: SCTP, the `endPort` of a NetworkPolicy and the names
 * a native sidecar's ports are left to it (NP-24 to NP-26). An item that needs several of them is refused for any one
 * that it does not take, whatever is known of the others.
 */
export function supports(world: World, port: PortMatch, question: Question): Match {
  const needs = needsOf(world, port, question);
  const { endPort, sidecars, sctp } = needs;
  if (endPort === 'yes' && sidecars === 'yes' && sctp === 'yes') return 'yes';
  if (refusedText(needs) !== undefined) return 'no';
  if (endPort === 'unknown') doubt(world, 'it takes endPort');
  if (sidecars === 'unknown') doubt(world, 'it takes the names of a sidecar’s ports');
  if (sctp === 'unknown') doubt(world, 'it filters SCTP');
  return 'maybe';
}

/** Why an enforcer does not take a port item that matches, in a phrase; undefined where it may. */
export function refusalOf(world: World, port: PortMatch, question: Question): string | undefined {
  return refusedText(needsOf(world, port, question));
}

function refusedText({ endPort, sidecars, sctp }: Needs): string | undefined {
  if (sctp === 'no') return 'ports of SCTP do not count';
  if (endPort === 'no') return 'endPort does not count';
  return sidecars === 'no' ? 'names of a sidecar’s ports do not count' : undefined;
}

function needsOf(world: World, port: PortMatch, question: Question): Needs {
  const { dialect } = world;
  // The first port of a range counts without its `endPort`.
  const needsEndPort = port.type === 'range' && port.byEndPort === true && question.port > port.from;
  return {
    endPort: needsEndPort ? dialect.endPort : 'yes',
    sidecars: isOnlySidecars(world, port, question) ? dialect.sidecarPortNames : 'yes',
    sctp: port.protocol === 'SCTP' ? dialect.sctp : 'yes',
  };
}

function doubt({ dialect, doubts }: World, what: string): void {
  doubts?.add(`whether ${what} is ${whoseText(dialect.enforcer)}`);
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
