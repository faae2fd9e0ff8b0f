import type { ClusterModel } from '../live/live.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { clusterDns, nameOfEnd } from '../policy/path/path.ts';
import type { GrantRequest } from './grant.ts';
import type { Side } from './sides.ts';

/**
 * What keeps a source from finding a Service by its name, as a note: its egress is isolated, and nothing admits the
 * cluster's DNS (NP-36, GRANT-44). Undefined where names resolve, no name is needed, or no resolver is in sight.
 */
export function lookupNote(
  { model, decide }: Engine,
  { source: from, destination }: GrantRequest,
  source: Side,
): string | undefined {
  if (source.type === 'addresses' || destination.type !== 'service') return undefined;
  const resolvers = clusterDns(model);
  const mute = source.pods.filter(
    (pod) =>
      resolvers.length > 0 &&
      resolvers.every(
        ({ pod: resolver, port, protocol }) =>
          decide({ from: { type: 'pod', pod }, to: { type: 'pod', pod: resolver }, port, protocol }).egress
            .verdict === 'deny',
      ),
  );
  if (mute.length === 0) return undefined;
  const who = mute.length === source.pods.length ? nameOfEnd(from) : mute.map(({ name }) => name).join(', ');
  return `${who} can't reach the cluster's DNS, so that ${nameOfEnd(destination)} does not resolve there: use its address, or grant ${resolverText(model)} too`;
}

/** The resolver as a grant takes it: `kube-system/svc/kube-dns 53/udp`. */
function resolverText(model: ClusterModel): string {
  const [first] = clusterDns(model);
  return first?.pod.namespace === 'kube-system'
    ? 'kube-system/svc/kube-dns 53/udp'
    : `${first?.pod.namespace}/svc/dns-default 53/udp`;
}
