import { describe, expect, test } from 'vitest';
import type { ClusterEvent } from '../../../src/core/live/events.ts';
import { createConcerns } from '../../../src/session/rows/concerns.ts';
import { cluster, namespace, networkPolicy, pod, service } from '../../helpers/builders.ts';

const WEB = pod({ namespace: 'shop', name: 'web', labels: { app: 'web' } });
const DENY = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const DB = service({ namespace: 'shop', name: 'db' });

const pods = (...objects: readonly (typeof WEB)[]): ClusterEvent => ({
  type: 'reset',
  kind: 'pods',
  source: 'pods',
  objects,
});
const policies = (...objects: readonly (typeof DENY)[]): ClusterEvent => ({
  type: 'reset',
  kind: 'policies',
  source: 'networkpolicies',
  objects,
});

/** What each of the events concerns, in order. */
function concerns(events: readonly ClusterEvent[]): readonly string[] {
  const of = createConcerns(cluster({ pods: [], policies: [], namespaces: [namespace({ name: 'shop' })] }));
  return events.map((event) => {
    const concern = of(event);
    return concern.what === 'namespace' ? concern.name : concern.what;
  });
}

describe('a list that is read again', () => {
  test('concerns nothing if it holds the same', () => {
    const restarted = { ...WEB, restarts: 3, status: 'CrashLoopBackOff' };
    expect(concerns([pods(WEB), pods(restarted)])).toEqual(['everything', 'nothing']);
    expect(concerns([policies(DENY), policies({ ...DENY })])).toEqual(['everything', 'nothing']);
    expect(concerns([policies(), policies()])).toEqual(['everything', 'nothing']);
  });

  test('concerns everything if something was added, changed or removed meanwhile', () => {
    const labeled = { ...WEB, labels: { app: 'db' } };
    expect(concerns([pods(WEB), pods(labeled)])).toEqual(['everything', 'everything']);
    const other = { ...WEB, name: 'api' };
    expect(concerns([pods(WEB), pods(other)])).toEqual(['everything', 'everything']);
    expect(concerns([policies(DENY), policies()])).toEqual(['everything', 'everything']);
    const open = networkPolicy({ name: 'deny', spec: { podSelector: {}, ingress: [{}] } });
    expect(concerns([policies(DENY), policies(open)])).toEqual(['everything', 'everything']);
  });

  test('is compared with what the changes since then made of it', () => {
    const gone: ClusterEvent = { type: 'delete', kind: 'pods', source: 'pods', key: 'shop/web' };
    expect(concerns([pods(WEB), gone, pods(WEB), gone, pods()])).toEqual([
      'everything',
      'shop',
      'everything',
      'shop',
      'nothing',
    ]);
  });
});

test('a change concerns its namespace or everything; one that changes nothing, nothing', () => {
  const set = (object: typeof DB): ClusterEvent => ({
    type: 'set',
    kind: 'services',
    source: 'services',
    object,
  });
  const moved = { ...DB, clusterIPs: ['10.96.0.77'] };
  expect(concerns([set(DB), set({ ...DB }), set(moved)])).toEqual(['everything', 'nothing', 'everything']);
  const put = (object: typeof DENY): ClusterEvent => ({
    type: 'set',
    kind: 'policies',
    source: 'networkpolicies',
    object,
  });
  expect(concerns([put(DENY), put({ ...DENY }), put({ ...DENY, uid: 'another' })])).toEqual([
    DENY.namespace,
    'nothing',
    DENY.namespace,
  ]);
});
