import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApiObject, EndRef, Pod } from '../../../src/core/cluster/objects.ts';
import { announcementFaults } from '../../../src/core/grants/announced.ts';
import type { GrantRequest } from '../../../src/core/grants/grant.ts';
import { leaseFaults, policyFaults } from '../../../src/core/grants/lease.ts';
import {
  approvalSeconds,
  asRequest,
  isPending,
  openingPatch,
  openSpec,
  pendingSpec,
  waitingOf,
} from '../../../src/core/grants/pending.ts';
import type { GrantPlan } from '../../../src/core/grants/plan.ts';
import { type Digest, namesPlan, planDifference, planFacts } from '../../../src/core/grants/plan-facts.ts';
import { planGrant } from '../../../src/core/grants/plan-grant.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseNetworkPolicy } from '../../../src/core/policy/kinds/network-policy.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';

const owner = (kind: string, name: string) => ({ kind, namespace: 'shop', name });
const web = (name: string): Pod => pod({ name, labels: { app: 'web' }, owner: owner('Deployment', 'web') });
const db = pod({ name: 'db-0', labels: { app: 'db' }, owner: owner('StatefulSet', 'db') });
const WEB: EndRef = { type: 'workload', ref: owner('Deployment', 'web') };
const DB: EndRef = { type: 'workload', ref: owner('StatefulSet', 'db') };
const REQUEST: GrantRequest = {
  source: WEB,
  destination: DB,
  ports: [{ port: 5_432, protocol: 'TCP' }],
  seconds: 900,
  reason: 'test',
};

const closed = (app: string, labels: Readonly<Record<string, string>> = {}): Policy => ({
  ...networkPolicy({
    name: 'closed',
    spec: { podSelector: { matchLabels: { app } }, policyTypes: ['Ingress'] },
  }),
  labels,
});

const digest: Digest = (text) => createHash('sha256').update(text).digest('hex');

function planned(pods: readonly Pod[], policies: readonly Policy[]) {
  const model = cluster({ pods, policies });
  const engine = createEngine(model, dialectOf('spec'));
  const plan = planGrant({
    model,
    engine,
    request: REQUEST,
    id: 'bcdfgh',
    requester: 'alice',
    version: '0',
    maxSeconds: 28_800,
    workloads: [],
  });
  if (!plan.ok) throw new Error(plan.message);
  return { plan, ...planFacts({ engine, digest }, plan, REQUEST) };
}

describe('the facts of a plan', () => {
  const usual = planned([web('web-1'), db], [closed('db')]);

  test('say what is asked, what opens and what it rests on', () => {
    const texts = usual.facts.map((fact) => fact.replace(/ [0-9a-f]{32}$/, ' DIGEST'));
    expect(texts).toEqual([
      'adds an ingress policy in shop DIGEST',
      'for 15m',
      'from Deployment/shop/web',
      'opens Deployment/shop/web → StatefulSet/shop/db 5432/tcp',
      'ports 5432/tcp',
      'rests on NetworkPolicy/shop/closed DIGEST',
      'to StatefulSet/shop/db',
    ]);
  });

  test('stay the same when pods come and go, and when a policy gets labels', () => {
    const rolled = planned([web('web-7'), web('web-8'), db], [closed('db', { team: 'x' })]);
    expect(rolled.hash).toBe(usual.hash);
  });

  test('change with what a base policy says, and tell which', () => {
    const other = networkPolicy({
      name: 'closed',
      spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress', 'Egress'] },
    });
    const now = planned([web('web-1'), db], [other]);
    expect(now.hash).not.toBe(usual.hash);
    const { gone, added } = planDifference(usual.facts, now.facts);
    expect([gone.length, added.length]).toEqual([1, 1]);
    expect(gone[0]).toContain('rests on NetworkPolicy/shop/closed');
  });

  test('a policy that waits for approval is nothing that a plan rests on', () => {
    const { plan, facts, hash } = usual;
    const waits = asRequest(plan, REQUEST, { facts, hash }, TIMES).halves.map(({ policy }) =>
      parseNetworkPolicy(policy),
    );
    expect(planned([web('web-1'), db], [closed('db'), ...waits]).hash).toBe(hash);
  });

  test('the difference of two plans is what leads from one to the other', () => {
    const facts = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'));
    fc.assert(
      fc.property(facts, facts, (was, is) => {
        const { gone, added } = planDifference(was, is);
        const kept = was.filter((fact) => !gone.includes(fact));
        expect([...kept, ...added].sort()).toEqual(is.toSorted());
      }),
    );
  });

  test.each([
    ['abcdef01', true],
    ['abcdef0123', true],
    ['abcdef0', false],
    ['abcdef02', false],
    ['ABCDEF01', false],
    ['', false],
  ])('a plan is named by at least eight digits of its hash: %s', (prefix, isNamed) => {
    expect(namesPlan(`abcdef01${'23'.repeat(28)}`, prefix)).toBe(isNamed);
  });
});

const TIMES = { pending: 3_600, maxSeconds: 28_800, requester: 'alice' };

describe('a request', () => {
  const { plan, facts, hash } = planned([web('web-1'), db], [closed('db')]);
  const asked: Extract<GrantPlan, { ok: true }> = asRequest(plan, REQUEST, { facts, hash }, TIMES);
  const [half] = asked.halves;
  if (half === undefined) throw new Error('no half');
  const lease = { ...half.lease, metadata: { ...half.lease.metadata, uid: 'job' } };
  const ref = { apiVersion: 'batch/v1', kind: 'Job', name: lease.metadata.name, uid: 'job' };
  const policy: ApiObject = { ...half.policy, metadata: { ...half.policy.metadata, ownerReferences: [ref] } };

  test('is sound by the rules for grants', () => {
    expect(leaseFaults(lease, TIMES.pending)).toEqual([]);
    expect(announcementFaults(lease)).toEqual([]);
    expect(policyFaults(policy, lease)).toEqual([]);
  });

  test('is read as what was asked for', () => {
    expect(waitingOf([policy], [lease])).toEqual({
      seconds: 900,
      path: { source: WEB, destination: DB, ports: REQUEST.ports },
      plan: hash,
      facts,
    });
  });

  test('that is open waits no more, whatever its marks say', () => {
    expect(waitingOf([{ ...policy, spec: openSpec(policy.spec) }], [lease])).toBeUndefined();
  });

  test('that only asks for the label is not what was granted: a pod may get that label', () => {
    const spec = structuredClone(policy.spec) as { podSelector: { matchExpressions?: unknown } };
    delete spec.podSelector.matchExpressions;
    expect(isPending({ ...policy, spec })).toBe(false);
    expect(policyFaults({ ...policy, spec }, lease).join()).toContain('it is not what was granted');
  });

  test.each([
    [{ matchLabels: { app: 'db' } }],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] }],
    [{ matchLabels: { app: 'db' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }],
  ])('opens to exactly what it was: %j', (podSelector) => {
    const spec = { podSelector, policyTypes: ['Ingress'] };
    const pending = pendingSpec(spec) as { podSelector: Record<string, unknown> };
    expect(openSpec(pending)).toEqual(spec);
    const patch = openingPatch(pending) as typeof pending;
    expect(mergedSelector(pending.podSelector, patch.podSelector)).toEqual(podSelector);
  });
});

/** A merge patch of one selector (RFC 7386). */
function mergedSelector(was: Record<string, unknown>, patch: Record<string, unknown>) {
  const labels = { ...(was.matchLabels as object), ...(patch.matchLabels as object | null) };
  const left = Object.entries(labels).filter(([, value]) => value !== null);
  return {
    ...(patch.matchLabels === null ? {} : { matchLabels: Object.fromEntries(left) }),
    ...(patch.matchExpressions === null ? {} : { matchExpressions: patch.matchExpressions }),
  };
}

test('an approved window starts at the approval, up to a second late', () => {
  const start = Date.parse('2026-11-29T12:00:00Z');
  fc.assert(
    fc.property(fc.nat(86_400_000), fc.integer({ min: 1, max: 86_400 }), (waited, asked) => {
      const now = start + waited;
      const end = start + approvalSeconds(start, now, asked) * 1_000;
      expect(end - now).toBeGreaterThanOrEqual(asked * 1_000);
      expect(end - now).toBeLessThan((asked + 1) * 1_000);
    }),
  );
});
