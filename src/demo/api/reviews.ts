import { fieldErrors } from '../../core/cluster/cluster.ts';
import { at, isRecord, textAt } from '../../core/common/common.ts';
import { timestamp } from '../store/store.ts';
import { allows, type RequestAttributes, type User } from './access.ts';
import { mediaType, parseObject, readBody } from './body.ts';
import type { Answer, Call } from './call.ts';
import { invalid } from './status.ts';

/** Whether a user may do something; faults count as missing rights. */
export type Authorizer = (user: User, attributes: RequestAttributes) => boolean;

/** Answers the reviews that tell callers who they are and what they may do (API-8). */
export async function review(call: Call, mayDo: Authorizer): Promise<Answer> {
  const { resource, user } = call;
  const body = parseObject(await readBody(call.request), mediaType(call.request), resource.kind);
  const base = { kind: resource.kind, apiVersion: `${resource.group}/${resource.version}` };
  switch (resource.kind) {
    case 'SelfSubjectReview':
      return {
        code: 201,
        body: {
          ...base,
          metadata: { creationTimestamp: timestamp(Date.now()) },
          status: { userInfo: userInfo(user) },
        },
      };
    case 'SelfSubjectAccessReview':
      return {
        code: 201,
        body: { ...base, metadata: {}, spec: body.spec, status: access(user, body.spec, mayDo) },
      };
    default:
      return {
        code: 201,
        body: { ...base, metadata: {}, spec: {}, status: rules(user, textAt(body.spec, 'namespace')) },
      };
  }
}

function userInfo(user: User): Readonly<Record<string, unknown>> {
  return {
    username: user.username,
    uid: user.uid,
    groups: user.groups,
    extra: user.extra,
  };
}

function access(user: User, spec: unknown, mayDo: Authorizer): Readonly<Record<string, unknown>> {
  const wanted = at(spec, 'resourceAttributes');
  if (!isRecord(wanted)) {
    if (isRecord(at(spec, 'nonResourceAttributes'))) return { allowed: true };
    throw invalid({ group: 'authorization.k8s.io', kind: '', name: '' }, [
      fieldErrors.invalid(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ]);
  }
  const subresource = textAt(wanted, 'subresource') ?? '';
  const resource = textAt(wanted, 'resource') ?? '';
  const namespace = textAt(wanted, 'namespace') ?? '';
  const allowed = mayDo(user, {
    verb: textAt(wanted, 'verb') ?? '',
    group: textAt(wanted, 'group') ?? '',
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    ...(namespace === '' ? {} : { namespace }),
  });
  return { allowed };
}

function rules(user: User, namespace: string | undefined): Readonly<Record<string, unknown>> {
  const inNamespace = user.rules.filter(
    (rule) =>
      rule.namespaces === undefined || (namespace !== undefined && rule.namespaces.includes(namespace)),
  );
  return {
    resourceRules: [
      {
        verbs: ['create'],
        apiGroups: ['authorization.k8s.io'],
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      },
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
      ...inNamespace.map(({ verbs, groups, resources }) => ({ verbs, apiGroups: groups, resources })),
    ],
    nonResourceRules: [
      { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/readyz', '/version'] },
    ],
    incomplete: false,
  };
}

/** The plain rule: what the user's own rules grant. */
export const byRules: Authorizer = allows;
