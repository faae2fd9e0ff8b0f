import { expect, test } from 'vitest';
import { policyKindOf } from '../../../../src/core/policy/kinds/policy-kinds.ts';
import type { Policy } from '../../../../src/core/policy/model/policy.ts';
import type { PatchStep } from '../../../../src/core/policy/model/rule-edit.ts';
import { pod } from '../../../helpers/builders.ts';
import { askedWorld } from './world.ts';

const pods = [
  pod({ name: 'web' }),
  pod({ name: 'api' }),
  pod({ name: 'mon', namespace: 'ops' }),
  pod({ name: 'db' }),
];

type Doc = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  readonly spec: unknown;
};

const network = (spec: object): Doc => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { podSelector: { matchLabels: { app: 'db' } }, ...spec },
});
const cilium = (spec: object): Doc => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { endpointSelector: { matchLabels: { app: 'db' } }, ...spec },
});
const fromApi = { from: [{ podSelector: { matchLabels: { app: 'api' } } }] };
const endpointsApi = { fromEndpoints: [{ matchLabels: { app: 'api' } }] };
const on = (port: number) => ({ ports: [{ port, protocol: 'TCP' }] });
const toPort = (port: number) => ({ toPorts: [{ ports: [{ port: String(port), protocol: 'TCP' }] }] });

test.each([
  ['a peer of the same namespace', network({ ingress: [{ ...fromApi, ...on(80) }] }), 'web'],
  ['a peer of another namespace', network({ ingress: [{ ...fromApi, ...on(80) }] }), 'ops/mon'],
  ['an address', network({ ingress: [{ ...fromApi, ...on(80) }] }), '203.0.113.7'],
  ['a port', network({ ingress: [{ ...fromApi, ...on(8080) }] }), 'api'],
  ['a rule of its own', network({ ingress: [{ ...fromApi, ...on(8080) }] }), 'web'],
  ['a peer beside endpoints of Cilium', cilium({ ingress: [{ ...endpointsApi, ...toPort(80) }] }), 'web'],
  ['a port beside those of Cilium', cilium({ ingress: [{ ...endpointsApi, ...toPort(8080) }] }), 'api'],
  ['a rule beside one of Cilium', cilium({ ingress: [{ ...endpointsApi, ...toPort(8080) }] }), 'ops/mon'],
  [
    'a rule for an address beside one of Cilium',
    cilium({ ingress: [{ ...endpointsApi, ...toPort(80) }] }),
    '203.0.113.7',
  ],
])('the patch of an edit, given to the object, opens the path: %s', (_, doc, from) => {
  const under = (policy: Policy) => askedWorld({ pods, policies: [policy] }).ask(from, 'db', '80').verdict;
  const before = under(parsed(doc));
  expect(before.verdict).toBe('deny');
  const [miss] = before.ingress.nearMisses;
  const patch = miss?.edit?.patch ?? [];
  expect(patch).toHaveLength(1);
  expect(under(parsed(patched(doc, patch))).verdict).toBe('allow');
});

const { spec: one } = cilium({ ingress: [{ ...endpointsApi, ...toPort(80) }] });

test.each([
  ['several', [one, one]],
  ['one', [one]],
])('a policy with a list of specs, %s, has an edit and no patch: its rules stand elsewhere', (_, specs) => {
  const doc = { ...cilium({}), spec: undefined, specs };
  const { nearMisses } = askedWorld({ pods, policies: [parsed(doc)] }).ask('web', 'db', '80').verdict.ingress;
  expect(nearMisses[0]?.edit).toMatchObject({ type: 'add-peer' });
  expect(nearMisses[0]?.edit?.patch).toBeUndefined();
});

function parsed(doc: Omit<Doc, 'spec'>): Policy {
  const kind = policyKindOf(doc.apiVersion, doc.kind);
  if (kind === undefined) throw new Error(`${doc.kind} is no policy`);
  return kind.parse(doc);
}

/** A document with the steps of a JSON Patch in it; only `add`, at the end of a list. */
function patched(doc: Doc, steps: readonly PatchStep[]): Doc {
  const copy: Doc = structuredClone(doc);
  for (const { path, value } of steps) {
    const keys = path.split('/').slice(1);
    expect(keys.pop()).toBe('-');
    let at: unknown = copy;
    for (const key of keys) at = Object.entries(at ?? {}).find(([name]) => name === key)?.[1];
    if (!Array.isArray(at)) throw new Error(`${path} is no list`);
    at.push(value);
  }
  return copy;
}
