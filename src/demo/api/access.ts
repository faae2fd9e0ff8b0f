/** One permission. Absent `namespaces`: everywhere, cluster-scoped objects too. `*` stands for all. */
export type Rule = {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly namespaces?: readonly string[];
};

/** Somebody who may call the server, known by a bearer token. */
export type User = {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly rules: readonly Rule[];
};

/** What a request wants to do; `resource` is `pods/portforward` for a subresource. */
export type RequestAttributes = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
};

/** Everything, as `system:masters` may. */
export const ALL_RULES: readonly Rule[] = [{ verbs: ['*'], groups: ['*'], resources: ['*'] }];

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'patch', 'update'];

/**
 * The rights of an SRE: reads what sluice shows, writes NetworkPolicies and Jobs, forwards ports (GRANT-9). In the
 * whole cluster, or in some namespaces alone; then without cluster-scoped kinds.
 */
export function responderRules(namespaces?: readonly string[]): readonly Rule[] {
  const scope = namespaces === undefined ? {} : { namespaces };
  const inside: readonly Rule[] = [
    {
      verbs: READ,
      groups: [''],
      resources: ['pods', 'services', 'endpoints', 'events', 'configmaps', 'serviceaccounts'],
      ...scope,
    },
    { verbs: ['create', 'get'], groups: [''], resources: ['pods/portforward', 'pods/exec'], ...scope },
    { verbs: READ, groups: ['apps', 'discovery.k8s.io', 'cilium.io'], resources: ['*'], ...scope },
    { verbs: READ, groups: ['batch'], resources: ['cronjobs'], ...scope },
    { verbs: [...READ, ...WRITE], groups: ['batch'], resources: ['jobs'], ...scope },
    { verbs: [...READ, ...WRITE], groups: ['networking.k8s.io'], resources: ['networkpolicies'], ...scope },
    { verbs: READ, groups: ['batch'], resources: ['jobs/status'], ...scope },
  ];
  if (namespaces !== undefined) {
    return [...inside, { verbs: ['get'], groups: [''], resources: ['namespaces'], namespaces }];
  }
  return [
    ...inside,
    { verbs: READ, groups: [''], resources: ['namespaces', 'nodes'] },
    { verbs: READ, groups: ['apiextensions.k8s.io', 'admissionregistration.k8s.io'], resources: ['*'] },
    { verbs: READ, groups: ['coordination.k8s.io'], resources: ['leases'] },
  ];
}

/** Whether a user's rules grant what a request asks for. Everybody may ask who they are and what they may do. */
export function allows(user: User, attributes: RequestAttributes): boolean {
  if (attributes.group === 'authentication.k8s.io' || attributes.group === 'authorization.k8s.io') {
    return attributes.resource.startsWith('selfsubject') && attributes.verb === 'create';
  }
  return user.rules.some((rule) => grants(rule, attributes));
}

function grants(rule: Rule, attributes: RequestAttributes): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  return (
    has(rule.verbs, attributes.verb) &&
    has(rule.groups, attributes.group) &&
    has(rule.resources, attributes.resource) &&
    (rule.namespaces === undefined ||
      (attributes.namespace !== undefined && rule.namespaces.includes(attributes.namespace)))
  );
}
