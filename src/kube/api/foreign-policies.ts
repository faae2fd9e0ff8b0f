import { listAt, safeText, textAt } from '../../core/common/common.ts';
import { type ApiClient, ApiError, apiPath, continueToken, type Discovery } from '../http/http.ts';

/** A policy that is not evaluated; it can make a verdict undecidable (EXT-1). */
export type ForeignPolicy = { readonly kind: string; readonly namespace?: string; readonly name: string };

/** The policies found, and installed kinds that the user is not allowed to list. */
export type ForeignPolicies = {
  readonly objects: readonly ForeignPolicy[];
  readonly denied: readonly string[];
};

type ForeignKind = { readonly groups: readonly string[]; readonly resource: string; readonly kind: string };

/** Groups in order of preference: Calico's API server serves the same objects a second time. */
const CALICO = ['projectcalico.org', 'crd.projectcalico.org'];
const FOREIGN: readonly ForeignKind[] = [
  { groups: CALICO, resource: 'networkpolicies', kind: 'Calico NetworkPolicy' },
  { groups: CALICO, resource: 'globalnetworkpolicies', kind: 'Calico GlobalNetworkPolicy' },
  { groups: ['crd.antrea.io'], resource: 'networkpolicies', kind: 'Antrea NetworkPolicy' },
  { groups: ['crd.antrea.io'], resource: 'clusternetworkpolicies', kind: 'Antrea ClusterNetworkPolicy' },
  { groups: ['security.istio.io'], resource: 'authorizationpolicies', kind: 'Istio AuthorizationPolicy' },
  { groups: ['k8s.ovn.org'], resource: 'egressfirewalls', kind: 'OVN-Kubernetes EgressFirewall' },
  {
    groups: ['network.openshift.io'],
    resource: 'egressnetworkpolicies',
    kind: 'OpenShift EgressNetworkPolicy',
  },
  { groups: ['networking.k8s.aws'], resource: 'clusternetworkpolicies', kind: 'AWS ClusterNetworkPolicy' },
  {
    groups: ['networking.k8s.aws'],
    resource: 'applicationnetworkpolicies',
    kind: 'AWS ApplicationNetworkPolicy',
  },
  { groups: ['policy.linkerd.io'], resource: 'servers', kind: 'Linkerd Server' },
];

/** Copies of Kubernetes' own policies, which Calico's API server lists among its own. */
const COPY = /^knp\.(default|admin|baseline)\./;

/** The policies of Calico, Antrea and Istio, for the kinds that are installed. */
export async function listForeignPolicies(
  client: ApiClient,
  discovery: Discovery,
  namespace: string,
  signal: AbortSignal,
): Promise<ForeignPolicies> {
  const groups = await discovery.groups(signal);
  const lists = await Promise.all(
    FOREIGN.map(async (foreign): Promise<ForeignPolicies> => {
      const group = foreign.groups.find((name) => groups.has(name));
      const version = group === undefined ? undefined : groups.get(group)?.[0];
      if (group === undefined || version === undefined) return NONE;
      const resource = { group, version, resource: foreign.resource };
      if ((await discovery.has(resource, signal)) === 'no') return NONE;
      for (const where of [undefined, namespace]) {
        const objects = await names(client, resource, foreign.kind, where, signal);
        if (objects !== undefined) return { objects, denied: [] };
      }
      return { objects: [], denied: [foreign.kind] };
    }),
  );
  return {
    objects: lists.flatMap(({ objects }) => objects),
    denied: lists.flatMap(({ denied }) => denied),
  };
}

const NONE: ForeignPolicies = { objects: [], denied: [] };

async function names(
  client: ApiClient,
  resource: { readonly group: string; readonly version: string; readonly resource: string },
  kind: string,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly ForeignPolicy[] | undefined> {
  const found: ForeignPolicy[] = [];
  let token: string | undefined;
  try {
    do {
      const { value } = await client.call({
        about: {
          verb: 'list',
          group: resource.group,
          resource: resource.resource,
          namespace,
        },
        path: apiPath(resource, namespace),
        query: { limit: 500, continue: token },
        accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json',
        signal,
      });
      for (const item of listAt(value, 'items')) {
        const name = textAt(item, 'metadata', 'name');
        const inside = textAt(item, 'metadata', 'namespace');
        if (name === undefined || COPY.test(name)) continue;
        found.push({ kind, ...(inside ? { namespace: safeText(inside) } : {}), name: safeText(name) });
      }
      token = continueToken(value);
    } while (token !== undefined);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
  return found;
}
