import type { EndRef, PortSpec } from '../../core/cluster/cluster.ts';
import { SluiceError } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { type Ground, type Judgement, judgePath } from '../../core/policy/path/path.ts';
import type { AttemptRow, FlowEnd } from '../../core/traffic/traffic.ts';

/** The pair of an attempt, as seen: pods by name, the Service of an address, else the address itself. */
export type SeenPath = { readonly source: EndRef; readonly destination: EndRef; readonly port: PortSpec };

/** Resolves one end of an attempt with what is known now; undefined if it is unknown. */
export function seenEnd(model: ClusterModel, end: FlowEnd): EndRef | undefined {
  const pod =
    (end.namespace !== undefined && end.pod !== undefined ? model.pod(end.namespace, end.pod) : undefined) ??
    (end.ip === undefined ? undefined : model.podAt(end.ip));
  if (pod !== undefined) return { type: 'pod', namespace: pod.namespace, name: pod.name };
  const { service } = end;
  const known = service === undefined ? undefined : model.service(service.namespace, service.name);
  const named = known ?? (end.ip === undefined ? service : model.serviceAt(end.ip));
  if (named !== undefined) return { type: 'service', namespace: named.namespace, name: named.name };
  return end.ip === undefined ? undefined : { type: 'ip', ip: end.ip };
}

/** The destination port of an attempt, if policies know its protocol. */
export function seenPort({ protocol, port }: Pick<AttemptRow, 'protocol' | 'port'>): PortSpec | undefined {
  if (port === undefined || protocol === 'ICMP' || protocol === 'unknown') return undefined;
  return { port, protocol };
}

/** The pair of a row's newest attempt; undefined if its ends or port are unknown. */
export function seenPath(model: ClusterModel, row: AttemptRow): SeenPath | undefined {
  const source = seenEnd(model, row.newest.source);
  const destination = seenEnd(model, row.newest.destination);
  const port = seenPort(row);
  if (source === undefined || destination === undefined || port === undefined) return undefined;
  return { source, destination, port };
}

/** The judgement of a path on one port, or why there is none. */
export function judgedOn(ground: Ground, { source, destination, port }: SeenPath): Judgement | SluiceError {
  const ports = { type: 'range', protocol: port.protocol, from: port.port, to: port.port } as const;
  try {
    return judgePath(ground, source, destination, ports);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}
