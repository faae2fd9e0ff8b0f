import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, listAt } from '../../src/core/common/json.ts';
import { lease, policy, startTarget, type Target } from '../helpers/demo/demo.ts';
import { JUDGED } from '../helpers/judged-policies.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(async () => {
  await target.stop();
});

describe('creating', () => {
  it('sets the server’s defaults and the selector from the uid in a lease', async () => {
    const { api, jobs } = target;
    const job = await api.post(jobs, lease('defaults', 600));
    expect(job.code).toBe(201);
    const uid = job.text('metadata', 'uid');
    expect(job.body).toMatchObject({
      metadata: { name: 'defaults', namespace: api.namespace, generation: 1 },
      spec: {
        parallelism: 0,
        activeDeadlineSeconds: 600,
        backoffLimit: 0,
        ttlSecondsAfterFinished: 0,
        suspend: false,
        manualSelector: false,
        completionMode: 'NonIndexed',
        podReplacementPolicy: 'TerminatingOrFailed',
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
        template: {
          metadata: { labels: { 'job-name': 'defaults', 'controller-uid': uid } },
          spec: { dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30 },
        },
      },
      status: {},
    });
    expect(at(job.body, 'spec', 'completions')).toBeUndefined();
  });

  it('omits empty fields, and defaults protocol and policyTypes', async () => {
    const { api, policies } = target;
    const made = await api.post(policies, {
      metadata: { name: 'sparse' },
      spec: { podSelector: {}, egress: [], ingress: [{ from: [], ports: [{ port: 80 }] }] },
    });
    expect(made.code).toBe(201);
    expect(at(made.body, 'spec')).toEqual({
      podSelector: {},
      ingress: [{ ports: [{ protocol: 'TCP', port: 80 }] }],
      policyTypes: ['Ingress'],
    });
  });

  it('returns everything but a resource version for a dry-run, and stores nothing', async () => {
    const { api, jobs } = target;
    const path = `${jobs}?dryRun=All&fieldValidation=Strict&fieldManager=sluice`;
    const first = await api.post(path, lease('rehearsal', 60));
    const second = await api.post(path, lease('rehearsal', 60));
    expect(first.code).toBe(201);
    expect(first.text('metadata', 'uid')).toBeDefined();
    expect(first.text('metadata', 'uid')).not.toBe(second.text('metadata', 'uid'));
    expect(first.text('metadata', 'resourceVersion')).toBeUndefined();
    expect((await api.get(`${jobs}/rehearsal`)).code).toBe(404);
  });

  it('rejects an existing name with 409 AlreadyExists', async () => {
    const { api, policies } = target;
    await api.post(policies, policy('twice'));
    const again = await api.post(policies, policy('twice'));
    expect(again.code).toBe(409);
    expect(again.body).toMatchObject({
      kind: 'Status',
      reason: 'AlreadyExists',
      message: 'networkpolicies.networking.k8s.io "twice" already exists',
      details: { name: 'twice', group: 'networking.k8s.io', kind: 'networkpolicies' },
    });
  });

  it('reports unknown fields: an error with Strict, warnings by default, nothing with Ignore', async () => {
    const { api, policies } = target;
    const odd = (name: string) => ({
      ...policy(name),
      spec: { ...policy(name).spec, foo: 1, ingress: [{ from: [{ podSelector: {}, bar: 2 }] }] },
    });
    const strict = await api.post(`${policies}?fieldValidation=Strict`, odd('strict'));
    expect(strict.code).toBe(400);
    expect(strict.text('message')).toBe(
      'NetworkPolicy in version "v1" cannot be handled as a NetworkPolicy: strict decoding error: unknown field "spec.ingress[0].from[0].bar", unknown field "spec.foo"',
    );
    const warned = await api.post(policies, odd('warned'));
    expect(warned.code).toBe(201);
    expect(warned.headers.get('warning')).toContain('299 - "unknown field \\"spec.foo\\""');
    expect(at(warned.body, 'spec', 'foo')).toBeUndefined();
    const ignored = await api.post(`${policies}?fieldValidation=Ignore`, odd('ignored'));
    expect(ignored.headers.get('warning')).toBeNull();
  });

  it('reports every error of a policy in one 422', async () => {
    const { api, policies } = target;
    const made = await api.post(policies, {
      ...policy('faulty'),
      spec: {
        podSelector: { matchLabels: { 'a b': 'c' } },
        policyTypes: ['Sideways'],
        ingress: [
          {
            from: [{}],
            ports: [
              { port: 70_000, protocol: 'FOO' },
              { port: 80, endPort: 20 },
            ],
          },
          { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] } }] },
          { from: [{ ipBlock: { cidr: '10.1.2.3/8' } }] },
        ],
      },
    });
    expect(made.code).toBe(422);
    expect(made.text('reason')).toBe('Invalid');
    expect(listAt(made.body, 'details', 'causes').map((cause) => at(cause, 'field'))).toEqual([
      'spec.podSelector.matchLabels',
      'spec.ingress[0].ports[0].protocol',
      'spec.ingress[0].ports[0].port',
      'spec.ingress[0].ports[1].endPort',
      'spec.ingress[0].from[0]',
      'spec.ingress[1].from[0].ipBlock.except[0]',
      'spec.ingress[2].from[0].ipBlock.cidr',
      'spec.policyTypes[0]',
    ]);
  });

  it.each(JUDGED)('agrees with the offline validation: $name', async ({ object, faults }) => {
    const { api, policies } = target;
    const made = await api.post(`${policies}?dryRun=All&fieldValidation=Strict`, object);
    expect(made.code === 201).toBe(faults.length === 0);
    if (made.code !== 422) return;
    const fields = listAt(made.body, 'details', 'causes').map((cause) => at(cause, 'field'));
    expect([...new Set(fields)].sort()).toEqual([...faults].sort());
  });

  it.each([
    ['a negative deadline', 'deadline', { activeDeadlineSeconds: -1 }, 'spec.activeDeadlineSeconds'],
    ['a manager without a domain', 'manager', { managedBy: 'foo' }, 'spec.managedBy'],
    ['an unknown completion mode', 'mode', { completionMode: 'Foo' }, 'spec.completionMode'],
  ])('rejects a lease with %s', async (_what, name, change, field) => {
    const { api, jobs } = target;
    const made = await api.post(jobs, lease(name, 60, change));
    expect(made.code).toBe(422);
    expect(made.text('message')).toContain(field);
  });

  it('accepts Job names up to 63 characters and policy names up to 253', async () => {
    const { api, jobs, policies } = target;
    expect((await api.post(jobs, lease('j'.repeat(63), 60))).code).toBe(201);
    const long = await api.post(jobs, lease('j'.repeat(64), 60));
    expect(long.code).toBe(422);
    expect(long.text('message')).toContain('must be no more than 63');
    const made = { ...policy('p'), metadata: { name: 'p'.repeat(253) } };
    expect((await api.post(policies, made)).code).toBe(201);
    expect((await api.post(policies, { ...made, metadata: { name: 'p'.repeat(254) } })).code).toBe(422);
  });

  it('rejects core Events as owners and owners without a uid', async () => {
    const { api, policies } = target;
    const event = await api.post(
      policies,
      policy('by-event', { apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }),
    );
    expect(event.code).toBe(422);
    expect(event.text('message')).toContain('/v1, Kind=Event is disallowed from being an owner');
    const bare = await api.post(
      policies,
      policy('by-nobody', { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: '' }),
    );
    expect(bare.text('message')).toContain('metadata.ownerReferences.uid');
  });

  it('responds with 404 for a missing namespace, 400 for another kind, another namespace, a wrong type', async () => {
    const { api, policies, jobs } = target;
    const nowhere = policies.replace(api.namespace, 'no-such-namespace');
    expect((await api.post(nowhere, policy('lost'))).text('message')).toBe(
      'namespaces "no-such-namespace" not found',
    );
    expect((await api.post(policies, lease('wrong', 60))).code).toBe(400);
    const elsewhere = { ...policy('stray'), metadata: { name: 'stray', namespace: 'default' } };
    expect((await api.post(policies, elsewhere)).code).toBe(400);
    const text = await api.post(jobs, lease('text', 60, { activeDeadlineSeconds: '60' }));
    expect(text.text('message')).toBe(
      'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal string into Go struct field JobSpec.spec.activeDeadlineSeconds of type int64',
    );
  });

  it('rejects dryRun=true and an unsupported media type', async () => {
    const { api, jobs } = target;
    const odd = await api.post(`${jobs}?dryRun=true`, lease('odd', 60));
    expect(odd.code).toBe(422);
    expect(odd.text('details', 'kind')).toBe('CreateOptions');
    expect((await api.send('POST', jobs, 'x', { type: 'text/plain' })).code).toBe(415);
  });

  it('returns the Audit-ID of a client, or generates one', async () => {
    const { api, policies } = target;
    const mine = await api.post(policies, policy('audited'), {
      headers: { 'Audit-ID': 'sluice-7f3k-intent' },
    });
    expect(mine.headers.get('audit-id')).toBe('sluice-7f3k-intent');
    const other = await api.get(`${policies}/no-such-policy`);
    expect(other.code).toBe(404);
    expect(other.headers.get('audit-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(other.headers.get('date')).not.toBeNull();
  });
});
