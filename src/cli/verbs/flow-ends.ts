import { isDeepStrictEqual } from 'node:util';
import { hostCidr, inRange, parseCidr, parseIp, type WorkloadRef } from '../../core/cluster/cluster.ts';
import { asSluiceError, assertNever, SluiceError } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { mustExist, type PathEnd, parsePathEnd } from '../../core/policy/path/path.ts';
import type { FlowEnd } from '../../core/traffic/traffic.ts';

/** What ends of flows are compared with. */
export type FlowScope = {
  /** The namespace of a name without one; all namespaces if undefined. */
  readonly namespace: string | undefined;
  /** The cluster, which knows more than flows say; undefined if flows come without one. */
  readonly model: ClusterModel | undefined;
  /** Called instead of throwing if the cluster lacks the end: past flows may be of pods that are gone. */
  readonly onMissing?: (error: SluiceError) => void;
};

/** Whether one end of a flow is the one that was asked for. */
export type FlowEndFilter = (end: FlowEnd) => boolean;

/**
 * Returns the filter for one end, in any form that `explain` takes, and besides `ns/` for all pods of a namespace. A
 * name without a kind is the pod, the workload and the Service of that name.
 *
 * @throws SluiceError `usage` for an end that is none; `not-found`, with similar names, if the cluster lacks it
 */
export function flowEndFilter(text: string, scope: FlowScope): FlowEndFilter {
  if (RESERVED.includes(text)) return ({ reserved }) => reserved === text;
  if (/^[a-z0-9][-a-z0-9]*\/$/.test(text)) return ({ namespace }) => `${namespace}/` === text;
  const spaces =
    scope.namespace === undefined && usesDefault(text) ? undefined : [scope.namespace ?? 'default'];
  const { model } = scope;
  const problem = model === undefined ? undefined : missingFrom(model, text, spaces ?? namespacesOf(model));
  if (problem !== undefined) (scope.onMissing ?? raise)(problem);
  const end = parsePathEnd(text, spaces?.[0] ?? 'default');
  return filterOf(end, (namespace) => spaces === undefined || namespace === namespaceOf(end), model);
}

/** Hubble's names of what is no pod; `world` has its own meaning, with or without Hubble. */
const RESERVED: readonly string[] = [
  'host',
  'remote-node',
  'kube-apiserver',
  'health',
  'ingress',
  'init',
  'unmanaged',
  'unknown',
];

function raise(error: SluiceError): never {
  throw error;
}

/** Whether the end names no namespace. */
function usesDefault(text: string): boolean {
  return !isDeepStrictEqual(parsePathEnd(text, 'a'), parsePathEnd(text, 'b'));
}

function namespacesOf(model: ClusterModel): readonly string[] {
  const names = new Set(Array.from([...model.pods(), ...model.services()], ({ namespace }) => namespace));
  return names.size === 0 ? ['default'] : [...names];
}

/** What is said of the end in the first namespace, if none of them has it. */
function missingFrom(
  model: ClusterModel,
  text: string,
  namespaces: readonly string[],
): SluiceError | undefined {
  const problems = namespaces.map((namespace) => {
    try {
      mustExist(model, parsePathEnd(text, namespace));
      return undefined;
    } catch (error) {
      return asSluiceError(error);
    }
  });
  return problems.every((problem) => problem !== undefined) ? problems[0] : undefined;
}

function namespaceOf(end: PathEnd): string | undefined {
  if (end.type === 'workload') return end.ref.namespace;
  return 'namespace' in end ? end.namespace : undefined;
}

function filterOf(
  end: PathEnd,
  isIn: (namespace: string | undefined) => boolean,
  model: ClusterModel | undefined,
): FlowEndFilter {
  switch (end.type) {
    case 'pod':
      return ({ pod, namespace }) => pod === end.name && isIn(namespace);
    case 'workload':
      return isOf((owner) => owner.kind === end.ref.kind && owner.name === end.ref.name, isIn, model);
    case 'service':
      return isBehind(end.name, isIn, model);
    case 'named': {
      const some = [
        isOf(({ name }) => name === end.name, isIn, model),
        isBehind(end.name, isIn, model),
        isDns(end.name),
      ];
      return (flow) => (flow.pod === end.name && isIn(flow.namespace)) || some.some((fits) => fits(flow));
    }
    case 'ip': {
      const service = model?.serviceAt(end.ip);
      const isThere = isWithin([end.ip]);
      if (service === undefined) return isThere;
      const fits = isBehind(service.name, (namespace) => namespace === service.namespace, model);
      return (flow) => isThere(flow) || fits(flow);
    }
    case 'range':
      return isWithin([end.cidr]);
    case 'loopback':
      return isWithin(['127.0.0.0/8', '::1']);
    case 'dns':
      return isDns(end.name);
    case 'world':
      return isOutside(model);
    case 'entity':
      return end.entity === 'cluster'
        ? (flow) => !isOutside(model)(flow)
        : ({ reserved }) => reserved === end.entity;
    case 'node':
      if (model === undefined) throw needsCluster(`node/${end.name}`);
      return isWithin(model.node(end.name)?.ips ?? []);
    default:
      return assertNever(end);
  }
}

/** The pods of a workload; flows name it only on the pod's own node (HUB-15), the cluster always. */
function isOf(
  fits: (owner: Pick<WorkloadRef, 'kind' | 'name'>) => boolean,
  isIn: (namespace: string | undefined) => boolean,
  model: ClusterModel | undefined,
): FlowEndFilter {
  return ({ workload, namespace, pod }) => {
    if (!isIn(namespace)) return false;
    const known =
      namespace === undefined || pod === undefined ? undefined : model?.pod(namespace, pod)?.owner;
    return [workload, known].some((owner) => owner !== undefined && fits(owner));
  };
}

/** The address of a Service, or a pod behind it. */
function isBehind(
  name: string,
  isIn: (namespace: string | undefined) => boolean,
  model: ClusterModel | undefined,
): FlowEndFilter {
  return ({ service, namespace, pod, ip }) => {
    if (service?.name === name && isIn(service.namespace)) return true;
    const atAddress = ip === undefined ? undefined : model?.serviceAt(ip);
    if (atAddress?.name === name && isIn(atAddress.namespace)) return true;
    if (namespace === undefined || pod === undefined || !isIn(namespace)) return false;
    const known = model?.service(namespace, name);
    return known !== undefined && model?.backends(known).some((backend) => backend.name === pod) === true;
  };
}

function isDns(name: string): FlowEndFilter {
  return ({ dns = [] }) => dns.some((known) => known.toLowerCase().replace(/\.$/, '') === name);
}

function isWithin(texts: readonly string[]): FlowEndFilter {
  const ranges = texts.flatMap((text) => parseCidr(text.includes('/') ? text : hostCidr(text)) ?? []);
  return ({ ip }) => {
    const address = ip === undefined ? undefined : parseIp(ip);
    return address !== undefined && ranges.some((range) => inRange(range, address));
  };
}

/** Addresses that belong to no pod, node or Service, as far as is known. */
function isOutside(model: ClusterModel | undefined): FlowEndFilter {
  return ({ reserved, pod, service, ip }) => {
    if (reserved !== undefined) return reserved === 'world' || reserved.startsWith('world-');
    if (pod !== undefined || service !== undefined || ip === undefined) return false;
    return [model?.podAt(ip), model?.nodeAt(ip), model?.serviceAt(ip)].every((found) => found === undefined);
  };
}

function needsCluster(text: string): SluiceError {
  return new SluiceError(
    'usage',
    `${text} can't be found without a cluster.`,
    'Use one of its addresses, or add --context.',
  );
}
