import type { Flow, FlowEnd } from './flow.ts';

/**
 * Who an end is, as far as known. `key` groups attempts; `provisional` marks a name that a later flow may improve:
 * Hubble reports workloads only for pods on the reporting node (HUB-15).
 */
export type Identity = { readonly key: string; readonly name: string; readonly provisional: boolean };

/** What a row of attempts stands for: ends by workload, by pod, or one attempt alone. */
export type Grouping = 'workload' | 'pod' | 'attempt';

/**
 * Workload, else pod, DNS name, service, reserved identity, address; unless it is `by` workload, the pod first. The world
 * is many hosts, so it is identified by address. A missing pod name does not mean outside (HUB-14).
 */
export function identify(end: FlowEnd, by: Grouping): Identity {
  const { workload, namespace = '', pod, dns, service, reserved, ip } = end;
  if (by !== 'workload' && pod !== undefined) return known(`pod/${namespace}/${pod}`, pod);
  if (workload !== undefined) {
    return known(`workload/${namespace}/${workload.kind}/${workload.name}`, workload.name);
  }
  if (pod !== undefined) return provisional(`pod/${namespace}/${pod}`, pod);
  const [name] = dns ?? [];
  if (name !== undefined) return known(`dns/${name}`, name);
  if (service !== undefined) return known(`service/${service.namespace}/${service.name}`, service.name);
  if (reserved !== undefined && reserved !== 'world') return known(`reserved/${reserved}`, reserved);
  if (ip !== undefined) return provisional(`ip/${ip}`, ip);
  return known(`reserved/${reserved ?? 'unknown'}`, reserved ?? 'unknown');
}

/** Key of the row that an attempt belongs to. */
export function rowKeyOf(source: Identity, destination: Identity, flow: RowPort): string {
  return `${source.key}>${destination.key}:${flow.destination.port ?? ''}/${flow.protocol}`;
}

type RowPort = Pick<Flow, 'protocol'> & { readonly destination: FlowEnd };

/** Adds to one end the names known from another observation of it; the same object if there are none. */
export function enrich(end: FlowEnd, other: FlowEnd): FlowEnd {
  if (!gains(end, other)) return end;
  return {
    ip: end.ip,
    port: end.port,
    namespace: end.namespace ?? other.namespace,
    pod: end.pod ?? other.pod,
    workload: end.workload ?? other.workload,
    labels: end.labels ?? other.labels,
    reserved: end.reserved ?? other.reserved,
    dns: end.dns ?? other.dns,
    service: end.service ?? other.service,
  };
}

function gains(end: FlowEnd, other: FlowEnd): boolean {
  return (
    (end.workload === undefined && other.workload !== undefined) ||
    (end.pod === undefined && other.pod !== undefined) ||
    (end.service === undefined && other.service !== undefined) ||
    (end.dns === undefined && other.dns !== undefined) ||
    (end.labels === undefined && other.labels !== undefined) ||
    (end.namespace === undefined && other.namespace !== undefined) ||
    (end.reserved === undefined && other.reserved !== undefined)
  );
}

function known(key: string, name: string): Identity {
  return { key, name, provisional: false };
}

function provisional(key: string, name: string): Identity {
  return { key, name, provisional: true };
}
