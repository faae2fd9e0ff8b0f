/* Who may do what: the rights that each job with sluice needs, and the role that has a right. */

/** Verbs on resources of one API group, and what sluice does with them. */
export type Right = {
  readonly group: string;
  /** Plurals; `pods/exec` for a subresource. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Only objects of these names. */
  readonly names?: readonly string[];
  readonly why: string;
};

/** What somebody may do, as far as sluice needs it. Roles add up. */
export type Role = {
  readonly name: RoleName;
  readonly about: string;
  readonly rights: readonly Right[];
};

export type RoleName =
  | 'viewer'
  | 'hubble'
  | 'operator'
  | 'requester'
  | 'approver'
  | 'probe'
  | 'auditor'
  | 'sweeper';

const WATCHED = ['get', 'list', 'watch'];

/** A WebSocket is a GET, and from Kubernetes 1.35 on also a create (API-11). */
const STREAM = ['get', 'create'];

/**
 * The roles, each with exactly what the code calls; a test holds the two against each other. Secrets are in none of
 * them: those with Relay's CA have its private key, too.
 */
export const ROLES: readonly Role[] = [
  {
    name: 'viewer',
    about: 'Sees pods, policies, verdicts and grants; changes nothing.',
    rights: [
      {
        group: '',
        resources: ['pods', 'services', 'namespaces'],
        verbs: WATCHED,
        why: 'the ends of paths, and what selectors match',
      },
      { group: '', resources: ['nodes'], verbs: ['list', 'watch'], why: 'addresses of nodes in verdicts' },
      {
        group: 'discovery.k8s.io',
        resources: ['endpointslices'],
        verbs: ['list', 'watch'],
        why: 'the pods behind a Service',
      },
      {
        group: 'networking.k8s.io',
        resources: ['networkpolicies'],
        verbs: WATCHED,
        why: 'verdicts, and the policies of grants',
      },
      {
        group: 'cilium.io',
        resources: ['ciliumnetworkpolicies', 'ciliumclusterwidenetworkpolicies'],
        verbs: WATCHED,
        why: 'verdicts where Cilium is installed',
      },
      {
        group: 'cilium.io',
        resources: ['ciliumcidrgroups'],
        verbs: ['list', 'watch'],
        why: 'the addresses that Cilium policies refer to',
      },
      {
        group: 'policy.networking.k8s.io',
        resources: ['adminnetworkpolicies', 'baselineadminnetworkpolicies', 'clusternetworkpolicies'],
        verbs: WATCHED,
        why: 'verdicts where admin policies are installed',
      },
      {
        group: 'projectcalico.org',
        resources: ['networkpolicies', 'globalnetworkpolicies'],
        verbs: ['list'],
        why: 'names policies of Calico that are not evaluated',
      },
      {
        group: 'crd.projectcalico.org',
        resources: ['networkpolicies', 'globalnetworkpolicies'],
        verbs: ['list'],
        why: 'the same without the API server of Calico',
      },
      {
        group: 'crd.antrea.io',
        resources: ['networkpolicies', 'clusternetworkpolicies'],
        verbs: ['list'],
        why: 'names policies of Antrea that are not evaluated',
      },
      {
        group: 'security.istio.io',
        resources: ['authorizationpolicies'],
        verbs: ['list'],
        why: 'names policies of Istio that are not evaluated',
      },
      {
        group: 'apps',
        resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
        verbs: ['get'],
        why: 'the selector of a workload, and its YAML',
      },
      {
        group: '',
        resources: ['replicationcontrollers'],
        verbs: ['get'],
        why: 'the same for a ReplicationController',
      },
      { group: 'batch', resources: ['jobs'], verbs: ['get', 'list'], why: 'the leases of grants' },
      {
        group: '',
        resources: ['configmaps'],
        verbs: ['get'],
        names: ['cilium-config'],
        why: 'how Cilium is configured to enforce',
      },
    ],
  },
  {
    name: 'hubble',
    about:
      'Sees flows of Hubble Relay; bind it in the namespace of Relay only, as it can forward to any pod there.',
    rights: [
      { group: '', resources: ['pods', 'services'], verbs: ['list'], why: 'finds Relay and its port' },
      {
        group: '',
        resources: ['configmaps'],
        verbs: ['get'],
        names: ['hubble-relay-config'],
        why: 'whether Relay uses TLS',
      },
      { group: '', resources: ['pods/portforward'], verbs: STREAM, why: 'the connection to Relay' },
    ],
  },
  {
    name: 'operator',
    about: 'Grants, extends and revokes. Needs viewer to plan a grant.',
    rights: [
      {
        group: 'batch',
        resources: ['jobs'],
        verbs: [...WATCHED, 'create', 'patch', 'delete'],
        why: 'the lease: made, watched for drift, extended, ended',
      },
      {
        group: 'networking.k8s.io',
        resources: ['networkpolicies'],
        verbs: [...WATCHED, 'create', 'patch', 'delete'],
        why: 'the policy: made, watched for drift, marked with a new end, ended',
      },
      { group: '', resources: ['events'], verbs: ['create'], why: 'an event that tells of each grant' },
    ],
  },
  {
    name: 'requester',
    about: 'Asks for grants that somebody else approves, and withdraws them. Needs viewer to plan one.',
    rights: [
      {
        group: 'batch',
        resources: ['jobs'],
        verbs: [...WATCHED, 'create', 'delete'],
        why: 'the lease of a request: made, watched for the answer, ended',
      },
      {
        group: 'networking.k8s.io',
        resources: ['networkpolicies'],
        verbs: [...WATCHED, 'create', 'delete'],
        why: 'the policy of a request: made, watched for the answer, ended',
      },
      { group: '', resources: ['events'], verbs: ['create'], why: 'an event that tells of each request' },
    ],
  },
  {
    name: 'approver',
    about:
      'Approves and refuses requests of others, and extends what was approved. Needs viewer to plan them again.',
    rights: [
      {
        group: 'batch',
        resources: ['jobs'],
        verbs: ['get', 'list', 'patch', 'delete'],
        why: 'the lease of a request: its deadline moved, or ended',
      },
      {
        group: 'networking.k8s.io',
        resources: ['networkpolicies'],
        verbs: ['get', 'list', 'patch', 'delete'],
        why: 'the policy of a request: opened, or ended',
      },
      { group: '', resources: ['events'], verbs: ['create'], why: 'an event that tells of each approval' },
    ],
  },
  {
    name: 'probe',
    about: 'Looks into the sockets of pods and connects from inside them. Needs viewer to find them.',
    rights: [
      {
        group: '',
        resources: ['pods/exec'],
        verbs: STREAM,
        why: 'socket tables and connect tests, run in pods',
      },
    ],
  },
  {
    name: 'auditor',
    about: 'Reads grants and the checkpoints on them; nothing else.',
    rights: [
      {
        group: 'networking.k8s.io',
        resources: ['networkpolicies'],
        verbs: ['get', 'list'],
        why: 'the policies of grants',
      },
      { group: 'batch', resources: ['jobs'], verbs: ['get', 'list'], why: 'the leases of grants' },
      { group: '', resources: ['events'], verbs: ['list'], why: 'checkpoints of the audit log on events' },
    ],
  },
  {
    name: 'sweeper',
    about: 'Removes what grants have left; for sweep, and for one that goes on in the cluster.',
    rights: [
      {
        group: 'networking.k8s.io',
        resources: ['networkpolicies'],
        verbs: [...WATCHED, 'delete'],
        why: 'the policies of grants: looked for, watched, removed where nothing ends them',
      },
      {
        group: 'batch',
        resources: ['jobs'],
        verbs: [...WATCHED, 'delete'],
        why: 'the leases of grants: looked for, watched, removed where they end nothing',
      },
    ],
  },
];

export function isRoleName(text: string): text is RoleName {
  return ROLES.some(({ name }) => name === text);
}

/** The role of a name. */
export function roleNamed(name: RoleName): Role {
  const role = ROLES.find((candidate) => candidate.name === name);
  if (role === undefined) throw new Error(`there is no role ${name}`);
  return role;
}

/** A call on the API server; `subresource` as in `pods/exec`. */
export type Call = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
};

/** Roles by how much they allow, the least first; those for approvals after the one that is wanted where there are none. */
const LEAST_FIRST: readonly RoleName[] = [
  'viewer',
  'hubble',
  'probe',
  'operator',
  'requester',
  'approver',
  'auditor',
  'sweeper',
];

/** For whoever lacks the right for a call, the role that has it, as a clause; undefined if none has. */
export function roleWith({ verb, group, resource, subresource }: Call): string | undefined {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const has = ({ rights }: Role) =>
    rights.some(
      (right) => right.group === group && right.resources.includes(what) && right.verbs.includes(verb),
    );
  const name = LEAST_FIRST.find((each) => ROLES.some((role) => role.name === each && has(role)));
  return name === undefined ? undefined : `the role sluice-${name} of sluice manifests rbac has it`;
}
