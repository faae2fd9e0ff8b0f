import { canonicalIp, formatIp } from '../../cluster/ip.ts';
import type { Labels } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import { isOwnNode, type Side } from '../match/side.ts';

/** What Cilium knows of an end that is no pod: names under `reserved:`. `apiServer` undefined: not known. */
export type Reserved = { readonly names: readonly string[]; readonly apiServer: boolean | undefined };

/** The reserved names of an end, seen from the pod at the other end; none for a pod (CIL-10). */
export function reservedOf(model: ClusterModel, side: Side, self: Side): Reserved {
  if (side.type === 'pod') return { names: [], apiServer: false };
  if (side.reserved !== undefined) return { names: [side.reserved], apiServer: false };
  const own = self.type === 'pod' && isOwnNode(self.pod, side);
  const place = side.node === undefined ? 'world' : own ? 'host' : 'remote-node';
  const apiServer = isApiServer(model, side);
  return { names: apiServer === true ? [place, 'kube-apiserver'] : [place], apiServer };
}

/** Reserved names as labels, for selectors with a `reserved:` key. */
export function reservedLabels(names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, '']));
}

/** By the endpoints of `default/kubernetes`; undefined when they are not known. */
function isApiServer(model: ClusterModel, side: Side & { readonly type: 'ip' }): boolean | undefined {
  const addresses = model.endpoints('default', 'kubernetes');
  if (addresses.length === 0) return undefined;
  const own = new Set([...side.ips.map(formatIp), ...(side.node?.ips ?? []).map(canonicalIp)]);
  return addresses.some((address) => own.has(canonicalIp(address)));
}
