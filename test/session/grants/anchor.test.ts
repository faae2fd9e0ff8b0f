import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCheckpoint } from '../../../src/audit/checkpoint.ts';
import { verifyAuditLog } from '../../../src/audit/verify.ts';
import { textAt } from '../../../src/core/common/json.ts';
import { MANAGED_SELECTOR } from '../../../src/core/grants/names.ts';
import { anchorOf, CHECKPOINT_NOTE } from '../../../src/core/records/records.ts';
import { ALL_RULES } from '../../../src/demo/api/access.ts';
import { connect } from '../../../src/kube/kube.ts';
import { findAnchors } from '../../../src/session/grants/anchor.ts';
import { makeGrant } from '../../../src/session/grants/make-grant.ts';
import { BOTH, type LiveDemo, STORY, startLiveDemo } from '../../helpers/demo/live-demo.ts';

let live: LiveDemo;

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(() => live.dispose());

const signal = new AbortController().signal;

test('every object of a grant has the checkpoint that covers its intent', async () => {
  const grant = await live.open({ ...BOTH, seconds: 600 });
  const intent = (await live.audited()).find(({ type }) => type === 'intent');
  for (const { namespace, lease, policy } of grant.halves) {
    for (const [resource, object] of [
      ['batch/jobs', lease],
      ['networking.k8s.io/networkpolicies', policy],
    ] as const) {
      const stored = live.demo.faults.peek(resource, namespace, object?.name ?? '');
      const note = textAt(stored, 'metadata', 'annotations', CHECKPOINT_NOTE) ?? '';
      expect(readCheckpoint(note), `${resource} ${object?.name}`).toMatchObject({ size: intent?.seq });
    }
  }
});

test('the checkpoints that stand in the cluster match the log', async () => {
  await live.open({ ...BOTH, seconds: 600 });
  const { checkpoints, unseen } = await findAnchors(live.runtime.connection.api, undefined, signal);
  expect(unseen).toEqual([]);
  expect(checkpoints.length).toBe(4);
  const verified = await verifyAuditLog(live.auditPath, { against: checkpoints });
  expect(verified).toMatchObject({ ok: true, matched: 4 });
});

test('who may not create events grants all the same', async () => {
  const grant = await live.open({ seconds: 600 });
  expect(grant.state.name).toBe('applied');
  const { checkpoints } = await findAnchors(live.runtime.connection.api, 'shop', signal);
  expect(checkpoints.filter(({ from }) => from.startsWith('Event'))).toEqual([]);
});

test('who may create events has one on each policy, with the checkpoint that covers the grant', async () => {
  const text = live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES });
  const { api, dispose } = await connect({ kubeconfig: { text } });
  const request = { ...STORY, seconds: 600, reason: 'x'.repeat(1_024) };
  const plan = await live.runtime.plan(request, signal);
  if (!plan.ok) expect.fail(plan.message);
  const { grant } = await makeGrant(
    { ...live.runtime.grantDeps, api },
    plan,
    request,
    () => undefined,
    signal,
  );
  const granted = (await live.audited()).find(({ type }) => type === 'granted');
  const events = await api.list(
    { group: '', version: 'v1', resource: 'events' },
    { labels: MANAGED_SELECTOR },
  );
  expect(events).toHaveLength(grant.halves.length);
  for (const event of events) {
    expect(event).toMatchObject({
      reason: 'Granted',
      involvedObject: { kind: 'NetworkPolicy', uid: grant.halves[0]?.policy?.uid },
      message: expect.stringMatching(/^.{1023}…$/u),
    });
    expect(readCheckpoint(anchorOf(event) ?? '')).toMatchObject({
      size: granted?.seq,
    });
  }
  await dispose();
});
