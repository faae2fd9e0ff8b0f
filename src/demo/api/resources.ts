/** One kind of object on the server. */
export type Resource = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly string[];
};

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'] as const;

/** The verbs of every stored kind. */
export const STORED_VERBS: readonly string[] = VERBS;

/** `group/version`, plural, singular, kind, `ns` or `cluster`, short names, subresources, categories. */
const TABLE = `
/v1 configmaps configmap ConfigMap ns cm - -
/v1 endpoints endpoints Endpoints ns ep - -
/v1 events event Event ns ev - -
/v1 namespaces namespace Namespace cluster ns status -
/v1 nodes node Node cluster no status -
/v1 pods pod Pod ns po status,portforward all
/v1 serviceaccounts serviceaccount ServiceAccount ns sa - -
/v1 services service Service ns svc status all
admissionregistration.k8s.io/v1 validatingadmissionpolicies validatingadmissionpolicy ValidatingAdmissionPolicy cluster - - api-extensions
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings validatingadmissionpolicybinding ValidatingAdmissionPolicyBinding cluster - - api-extensions
apiextensions.k8s.io/v1 customresourcedefinitions customresourcedefinition CustomResourceDefinition cluster crd,crds - api-extensions
apps/v1 daemonsets daemonset DaemonSet ns ds status all
apps/v1 deployments deployment Deployment ns deploy status all
apps/v1 replicasets replicaset ReplicaSet ns rs status all
apps/v1 statefulsets statefulset StatefulSet ns sts status all
batch/v1 cronjobs cronjob CronJob ns cj status all
batch/v1 jobs job Job ns - status all
cilium.io/v2 ciliumclusterwidenetworkpolicies ciliumclusterwidenetworkpolicy CiliumClusterwideNetworkPolicy cluster ccnp status cilium,ciliumpolicy
cilium.io/v2 ciliumnetworkpolicies ciliumnetworkpolicy CiliumNetworkPolicy ns cnp,ciliumnp status cilium,ciliumpolicy
coordination.k8s.io/v1 leases lease Lease ns - - -
discovery.k8s.io/v1 endpointslices endpointslice EndpointSlice ns - - -
networking.k8s.io/v1 networkpolicies networkpolicy NetworkPolicy ns netpol - -
`;

/** Every stored kind, sorted by group. */
export const RESOURCES: readonly Resource[] = TABLE.trim().split('\n').map(parse);

/** Kinds that are only created as reviews, not stored. */
export const REVIEWS: readonly Resource[] = [
  'authentication.k8s.io/v1 selfsubjectreviews selfsubjectreview SelfSubjectReview cluster - - -',
  'authorization.k8s.io/v1 selfsubjectaccessreviews selfsubjectaccessreview SelfSubjectAccessReview cluster - - -',
  'authorization.k8s.io/v1 selfsubjectrulesreviews selfsubjectrulesreview SelfSubjectRulesReview cluster - - -',
].map(parse);

const BY_PATH = new Map(
  [...RESOURCES, ...REVIEWS].map((resource) => [
    `${resource.group}/${resource.version}/${resource.plural}`,
    resource,
  ]),
);
const BY_KIND = new Map(
  RESOURCES.map((resource) => [`${apiVersionOf(resource)} ${resource.kind}`, resource]),
);

export function resourceAt(group: string, version: string, plural: string): Resource | undefined {
  return BY_PATH.get(`${group}/${version}/${plural}`);
}

/** The resource of a kind, by its exact `apiVersion`: `batch/v9` is undefined. */
export function resourceOfKind(apiVersion: string, kind: string): Resource | undefined {
  return BY_KIND.get(`${apiVersion} ${kind}`);
}

/** The name of a resource in the store: `batch/jobs`, `/pods`. */
export function storeName(resource: Pick<Resource, 'group' | 'plural'>): string {
  return `${resource.group}/${resource.plural}`;
}

/** `v1`, `batch/v1`. */
export function apiVersionOf(resource: Pick<Resource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `jobs.batch`, `pods`: the name of a resource in messages. */
export function qualified(name: string, group: string): string {
  return group === '' ? name : `${name}.${group}`;
}

function parse(line: string): Resource {
  const [path = '', plural = '', singular = '', kind = '', scope, shorts = '', subs = '', categories = ''] =
    line.split(' ');
  const slash = path.lastIndexOf('/');
  return {
    group: path.slice(0, slash),
    version: path.slice(slash + 1),
    plural,
    singular,
    kind,
    namespaced: scope === 'ns',
    shortNames: words(shorts),
    categories: words(categories),
    subresources: words(subs),
  };
}

function words(text: string): readonly string[] {
  return text === '-' ? [] : text.split(',');
}
