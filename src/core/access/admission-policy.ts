import type {
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node';
import type { ApiObject } from '../cluster/cluster.ts';
import { GRANT_LABEL, MANAGED_BY, NOTE, OBJECT_NAME } from '../grants/grants.ts';
import { about, marks } from './manifest.ts';

/** A rule in CEL, and what to say to whoever breaks it. */
export type Rule = { readonly holds: string; readonly message: string };

export type Kind = 'jobs' | 'networkpolicies';

/** One ValidatingAdmissionPolicy, as far as they differ. */
export type Policy = {
  readonly name: string;
  readonly about: string;
  readonly kinds: readonly Kind[];
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  /** Which objects it is about, by conditions in CEL; of those that are going away, none is. */
  readonly matching: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
};

const GROUPS: Readonly<Record<Kind, string>> = { jobs: 'batch', networkpolicies: 'networking.k8s.io' };

/** The policy and its binding. Refuses what it can't evaluate. */
export function policyManifests(version: string, policy: Policy): readonly [ApiObject, ApiObject] {
  const { name, kinds, operations, matching, variables, rules } = policy;
  const api = 'admissionregistration.k8s.io/v1';
  const metadata = { name, labels: marks(version) };
  return [
    {
      apiVersion: api,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { ...metadata, annotations: about(policy.about) },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: kinds.map((kind) => ({
            apiGroups: [GROUPS[kind]],
            apiVersions: ['v1'],
            operations: [...operations],
            resources: [kind],
          })),
        },
        matchConditions: Object.entries({ ...matching, stays: STAYS }).map(([key, expression]) => ({
          name: key,
          expression,
        })),
        variables: Object.entries(variables).map(([key, expression]) => ({ name: key, expression })),
        validations: rules.map(({ holds, message }) => ({ expression: holds, message })),
      },
    } satisfies V1ValidatingAdmissionPolicy,
    {
      apiVersion: api,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: {
        policyName: name,
        validationActions: ['Deny'],
      },
    } satisfies V1ValidatingAdmissionPolicyBinding,
  ];
}

const SUBJECT = "(request.operation == 'DELETE' ? oldObject : object)";

/** Of an object that carries the label of a grant, or did, or has such a name: none can pass for a grant or hide from it. */
export const OF_GRANTS = `[object, oldObject].exists(o, o != null && ('${GRANT_LABEL}' in o.metadata.?labels.orValue({}) || o.metadata.?name.orValue('').matches('${OBJECT_NAME}')))`;

/** The condition of policies that are about grants alone. */
export const GRANTS_ONLY: Policy['matching'] = { 'of-grants': OF_GRANTS };

/** The garbage collector changes objects that are going away, and must not be refused. */
const STAYS = `!has(${SUBJECT}.metadata.deletionTimestamp)`;

/** What the rules of both kinds refer to. */
export const COMMON: Readonly<Record<string, string>> = {
  was: "request.operation == 'UPDATE' ? oldObject : object",
  notes: 'object.metadata.?annotations.orValue({})',
  wasNotes: 'variables.was.metadata.?annotations.orValue({})',
  id: `object.metadata.?labels[?'${GRANT_LABEL}'].orValue('')`,
  reason: `variables.notes[?'${NOTE.reason}'].orValue('')`,
  requester: `variables.notes[?'${NOTE.requester}'].orValue('')`,
  signer: `variables.notes[?'${NOTE.approvedBy}'].orValue('')`,
  wasSigner: `variables.wasNotes[?'${NOTE.approvedBy}'].orValue('')`,
  signs: 'variables.signer != variables.wasSigner',
};

/** What whoever approves writes, all at once. */
const SIGNATURE = `['${NOTE.approvedBy}', '${NOTE.approvedPlan}', '${NOTE.approvedAt}']`;

/** Namespaces are named by the label that each has (NP-20). */
export const NAMESPACE = 'kubernetes.io/metadata.name';

/** Names with `*` as regular expressions. */
export function namePatterns(names: readonly string[]): readonly string[] {
  return names.map((name) => `^${name.replaceAll('*', '.*')}$`);
}

/** The rules of both kinds: marks, requester, and nothing that holds an object beyond its end. */
export function commonRules(kind: 'lease' | 'grant', movable: string): readonly Rule[] {
  const kept = (from: string, to: string, added = 'false') =>
    `variables.${from}.all(k, !k.startsWith('sluice.dev/') || k == '${movable}' || (k in variables.${to} && variables.${to}[k] == variables.${from}[k]) || ${added})`;
  const refused =
    kind === 'lease'
      ? ` || (k == '${NOTE.refused}' && variables.notes[k].startsWith(request.userInfo.username + ': '))`
      : '';
  const added = `(!(k in variables.wasNotes) && ((variables.signs && k in ${SIGNATURE})${refused}))`;
  return [
    {
      holds: `object.metadata.?labels[?'${MANAGED_BY}'].orValue('') == 'sluice' && object.metadata.name.matches('${OBJECT_NAME}') && object.metadata.name.startsWith('sluice-' + variables.id + '-')`,
      message: `a ${kind} is named sluice-ID-in or sluice-ID-out, and labeled ${MANAGED_BY}: sluice and ${GRANT_LABEL}: ID`,
    },
    {
      holds: "request.operation != 'CREATE' || variables.requester == request.userInfo.username",
      message: `${NOTE.requester} must be who makes the ${kind}`,
    },
    {
      holds: "variables.reason.trim() != ''",
      message: `${NOTE.reason} must say why`,
    },
    {
      holds: `request.operation != 'CREATE' || !variables.notes.exists(k, k in ${SIGNATURE} || k == '${NOTE.refused}')`,
      message: `a ${kind} is made unanswered: somebody else approves it or refuses`,
    },
    {
      holds:
        "!variables.signs || (variables.signer == request.userInfo.username && variables.signer != variables.requester && variables.wasSigner == '')",
      message: `${NOTE.approvedBy} must be who approves, who is not the requester, and stays`,
    },
    {
      holds: `${kept('notes', 'wasNotes', added)} && ${kept('wasNotes', 'notes')}`,
      message: `of the annotations sluice.dev/*, only ${movable} may change`,
    },
    {
      holds: 'object.metadata.?finalizers.orValue([]).size() == 0',
      message: `a finalizer would keep the ${kind} beyond its end`,
    },
  ];
}

/**
 * The policy of the limits on one kind: its own, and those on both.
 *
 * @param first a rule of the kind that comes before those of both
 */
export function limitPolicy(
  limits: Limits,
  policy: Pick<Policy, 'name' | 'about' | 'kinds' | 'variables' | 'rules'>,
  first: Rule,
): Policy {
  const { variables, rules } = policy;
  return {
    ...policy,
    operations: ['CREATE', 'UPDATE'],
    matching: GRANTS_ONLY,
    variables: { ...limitVariables(limits), ...variables },
    rules: [first, REASON_RULE, UNGUARDED, ...rules],
  };
}

/** What limits of both kinds refer to: the values as literals, as parameters may be lost (API-17). */
function limitVariables({
  maxSeconds,
  reasonPattern = '',
  protectedNamespaces,
  pendingSeconds,
}: Limits): Policy['variables'] {
  const guarded = namePatterns(protectedNamespaces).map(literal);
  return {
    maxSeconds: String(maxSeconds),
    pendingSeconds: String(pendingSeconds),
    notes: COMMON.notes ?? '',
    reasonPattern: literal(reasonPattern),
    protectedNamespaces: `[${guarded.join(', ')}]`,
    reason: `object.metadata.?annotations[?'${NOTE.reason}'].orValue('')`,
  };
}

/** What the cluster allows of what sluice could grant. */
export type Limits = {
  /** The longest window, extensions included, seconds. */
  readonly maxSeconds: number;
  /** RE2; absent: any reason. */
  readonly reasonPattern?: string;
  /** `*` stands for any run of characters. */
  readonly protectedNamespaces: readonly string[];
  /** How long a request may wait for approval, seconds: that much later an approved window may end. */
  readonly pendingSeconds: number;
};

/** A text as CEL reads it; its escapes include those of JSON. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

const REASON_RULE: Rule = {
  holds: "variables.reason.trim() == '' || variables.reason.matches(variables.reasonPattern)",
  message: `${NOTE.reason} does not match the reasonPattern of this cluster`,
};

const UNGUARDED: Rule = {
  holds: '!variables.protectedNamespaces.exists(p, request.namespace.matches(p))',
  message: 'this namespace is protected: nothing is granted here',
};
