import type { EndRef, PortSpec } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import { type AskedPorts, noPortNamed, parseAskedPorts, portsNamed } from './asked-ports.ts';
import { nameOfEnd, podsOfEnd } from './ends.ts';
import { entriesOf } from './service.ts';

/** Ports that a grant can have: not ICMP, which no NetworkPolicy can admit (NP-26). */
export type GrantPorts = Exclude<AskedPorts, { type: 'icmp' }>;

/** The most ports of a grant (GRANT-40). */
export const MOST_PORTS = 1_024;

/**
 * Parses the ports of a grant: one or several separated by commas, each as `parseAskedPorts` takes it.
 *
 * @param most how many ports are taken
 * @throws SluiceError `usage` as `parseAskedPorts`, for ICMP, and for more ports than a grant can have
 */
export function parseGrantPorts(text: string, most = MOST_PORTS): readonly GrantPorts[] {
  const asked = text.split(',').map((part): GrantPorts => {
    const ports = parseAskedPorts(part);
    if (ports.type !== 'icmp') return ports;
    throw new SluiceError(
      'usage',
      `"${part.trim()}" is ICMP, which a NetworkPolicy cannot admit.`,
      'Use a TCP, UDP or SCTP port, such as 5432/tcp.',
    );
  });
  const count = asked.reduce(
    (sum, ports) => sum + (ports.type === 'range' ? ports.to - ports.from + 1 : 1),
    0,
  );
  if (count <= most) return asked;
  throw new SluiceError(
    'usage',
    `"${text}" is ${count} ports, and at most ${most} are opened at once.`,
    'Use a smaller range, such as 8000-8100/tcp.',
  );
}

/**
 * The ports of a grant to a destination, in order: a name is every port that its pods have under that name now (NP-25),
 * or the port of the Service; of a Service, a range is the ports in it that the Service has.
 *
 * @throws SluiceError `failed` for a name or a range that the destination does not have
 */
export function grantPortsOf(
  model: ClusterModel,
  destination: EndRef,
  asked: readonly GrantPorts[],
): readonly PortSpec[] {
  const found = asked.flatMap((ports) =>
    numbersOf(model, destination, ports).map((port): PortSpec => ({ port, protocol: ports.protocol })),
  );
  const unique = new Map(found.map((spec) => [`${spec.protocol}/${spec.port}`, spec]));
  return [...unique.values()].sort((a, b) =>
    a.protocol === b.protocol ? a.port - b.port : a.protocol < b.protocol ? -1 : 1,
  );
}

function numbersOf(model: ClusterModel, destination: EndRef, asked: GrantPorts): readonly number[] {
  const isSingle = asked.type === 'range' && asked.from === asked.to;
  const service =
    destination.type === 'service' ? model.service(destination.namespace, destination.name) : undefined;
  if (service !== undefined && !isSingle) return entriesOf(service, asked).map(({ port }) => port);
  if (asked.type === 'range')
    return Array.from({ length: asked.to - asked.from + 1 }, (_, at) => asked.from + at);
  const named = podsOfEnd(model, destination).flatMap((pod) => portsNamed(pod, asked));
  if (named.length === 0) throw noPortNamed(nameOfEnd(destination), asked);
  return named;
}
