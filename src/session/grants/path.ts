import type { Grant, PortSpec } from '../../core/access/grant.ts';
import { targetsOf } from '../../core/cluster/ends.ts';
import type { ClusterModel } from '../../core/cluster/model.ts';
import type { Pod } from '../../core/cluster/objects.ts';
import type { EndName } from '../../core/policy/verdict.ts';
import type { Attempt } from '../../core/traffic/attempt.ts';
import type { GoodPlan } from './make-grant.ts';

/** The pairs that a grant opened, as traffic shows them: by address and port, before and after a service's DNAT. */
export type GrantPath = {
  readonly sources: readonly Pod[];
  readonly destinations: readonly Pod[];
  readonly ports: readonly PortSpec[];
  readonly sourceIps: ReadonlySet<string>;
  /** `ip:port/protocol` of the destinations and of the services in front of them. */
  readonly targets: ReadonlySet<string>;
};

/** The path of a plan, with the pods as they are now. */
export function pathOf(model: ClusterModel, plan: GoodPlan): GrantPath {
  const podsOf = (end: 'from' | 'to') => {
    const found = plan.opens.flatMap((pair) => podNamed(model, pair[end]) ?? []);
    return [...new Map(found.map((pod) => [pod.uid, pod])).values()];
  };
  const sources = podsOf('from');
  const destinations = podsOf('to');
  const targets = new Set(
    destinations.flatMap(({ ips }) => ips.flatMap((ip) => plan.ports.map((port) => target(ip, port)))),
  );
  for (const target of serviceTargets(model, destinations, plan.ports)) targets.add(target);
  return {
    sources,
    destinations,
    ports: plan.ports,
    sourceIps: new Set(sources.flatMap(({ ips }) => ips)),
    targets,
  };
}

function podNamed(model: ClusterModel, { namespace, name }: EndName): Pod | undefined {
  return namespace === undefined ? undefined : model.pod(namespace, name);
}

/** Whether an attempt went along the path. */
export function isOn(path: GrantPath, { source, destination, protocol }: Attempt): boolean {
  if (source.ip === undefined || destination.ip === undefined || destination.port === undefined) return false;
  return (
    path.sourceIps.has(source.ip) && path.targets.has(`${destination.ip}:${destination.port}/${protocol}`)
  );
}

function* serviceTargets(
  model: ClusterModel,
  destinations: readonly Pod[],
  ports: readonly PortSpec[],
): Generator<string> {
  const uids = new Set(destinations.map(({ uid }) => uid));
  for (const service of model.services()) {
    if (!model.backends(service).some(({ uid }) => uids.has(uid))) continue;
    for (const { port, protocol } of service.ports) {
      const reached = targetsOf(model, service, { port, protocol }).map((each) => each.port);
      if (!ports.some((asked) => asked.protocol === protocol && reached.includes(asked.port))) continue;
      for (const ip of service.clusterIPs) yield target(ip, { port, protocol });
    }
  }
}

function target(ip: string, { port, protocol }: PortSpec): string {
  return `${ip}:${port}/${protocol}`;
}

/** `web → db 5432/tcp`, for messages. */
export function pathText(grant: Pick<Grant, 'source' | 'destination' | 'ports'>): string {
  return `${grant.source} → ${grant.destination} :${grant.ports.map(({ port, protocol }) => `${port}/${protocol.toLowerCase()}`).join(',')}`;
}
