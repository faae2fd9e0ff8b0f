import { expect, test } from 'vitest';
import { type About, apiError } from '../../../src/kube/http/errors.ts';
import { failure } from '../../helpers/servers/scripted-server.ts';

const origin = { server: new URL('https://k8s.example:6443'), context: 'prod', user: 'alice' };
const job: About = {
  verb: 'create',
  group: 'batch',
  resource: 'jobs',
  namespace: 'payments',
  name: 'sluice-a',
};

function errorOf(code: number, reason: string, message: string, about: About = job) {
  return apiError(origin, about, code, JSON.stringify(failure(code, reason, message)));
}

test.each<[string, number, string, string, About, string, string]>([
  [
    'a missing permission in a namespace',
    403,
    'Forbidden',
    'jobs.batch is forbidden: User "alice" cannot create resource "jobs" in API group "batch" in the namespace "payments"',
    job,
    'forbidden',
    'User "alice" cannot create jobs sluice-a in namespace "payments"',
  ],
  [
    'a missing permission at the cluster scope',
    403,
    'Forbidden',
    'nodes is forbidden: User "system:serviceaccount:a:b" cannot list resource "nodes" in API group "" at the cluster scope',
    { verb: 'list', group: '', resource: 'nodes' },
    'forbidden',
    'User "system:serviceaccount:a:b" cannot list nodes at the cluster scope',
  ],
  [
    'a streaming list, which is a watch, is reported as one',
    403,
    'Forbidden',
    'pods is forbidden: User "a" cannot watch resource "pods" in API group "" at the cluster scope',
    { verb: 'list', group: '', resource: 'pods' },
    'forbidden',
    'User "a" cannot watch pods at the cluster scope',
  ],
  [
    'forbidden impersonation',
    403,
    'Forbidden',
    'users "eve" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope',
    job,
    'forbidden',
    'User "alice" cannot impersonate "eve"',
  ],
  [
    'a quota',
    403,
    'Forbidden',
    'jobs.batch "sluice-a" is forbidden: exceeded quota: few, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0',
    job,
    'refused',
    'A quota rejected job sluice-a in namespace payments: exceeded quota: few, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0',
  ],
  [
    'a namespace that is being deleted',
    403,
    'Forbidden',
    'jobs.batch "sluice-a" is forbidden: unable to create new content in namespace payments because it is being terminated',
    job,
    'refused',
    'Namespace "payments" is being deleted and does not accept new objects.',
  ],
  [
    'Pod Security',
    403,
    'Forbidden',
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    job,
    'refused',
    'The server rejected job sluice-a in namespace payments: violates PodSecurity "restricted:latest": runAsNonRoot != true',
  ],
  [
    'an admission policy, with its own message',
    422,
    'Invalid',
    "networkpolicies.networking.k8s.io \"sluice-a\" is forbidden: ValidatingAdmissionPolicy 'sluice-policies' with binding 'sluice-policies' denied request: expires-at is more than 8 h away",
    { ...job, group: 'networking.k8s.io', resource: 'networkpolicies' },
    'refused',
    'The server rejected networkpolicy sluice-a in namespace payments: denied by policy sluice-policies: expires-at is more than 8 h away',
  ],
  [
    'a webhook, with its own message on one line',
    400,
    'BadRequest',
    'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Job/x was blocked',
    job,
    'refused',
    'The server rejected job sluice-a in namespace payments: denied by webhook validate.kyverno.svc-fail: resource Job/x was blocked',
  ],
  [
    'an existing name',
    409,
    'AlreadyExists',
    'jobs.batch "sluice-a" already exists',
    job,
    'conflict',
    'Job sluice-a in namespace payments already exists.',
  ],
  [
    'a missing object',
    404,
    'NotFound',
    'jobs.batch "sluice-a" not found',
    { ...job, verb: 'get' },
    'not-found',
    'Job sluice-a in namespace payments not found.',
  ],
])('%s', (_, code, reason, message, about, expected, sentence) => {
  const error = errorOf(code, reason, message, about);
  expect([error.code, error.message]).toEqual([expected, sentence]);
  expect(error.hint).not.toBe('');
  expect(error.status).toBe(code);
});

test('escape sequences in server messages are sanitized', () => {
  expect(errorOf(409, 'Conflict', 'x \u001b[2J \u009b31m').message).toContain('␛[2J \\u{9b}31m');
});

test('the Retry-After of the server is kept', () => {
  const body = JSON.stringify(failure(429, 'TooManyRequests', 'slow', { retryAfterSeconds: 3 }));
  expect(apiError(origin, job, 429, body).retryAfter).toBe(3);
  expect(apiError(origin, job, 429, '', 7).retryAfter).toBe(7);
});

test("a proxy's 404 or 403 says nothing about the object", () => {
  for (const status of [403, 404, 302]) {
    const error = apiError(origin, job, status, '<html>Access denied</html>');
    expect([error.code, error.status]).toEqual(['unreachable', 0]);
  }
});
