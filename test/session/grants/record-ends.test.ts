import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAuditLog } from '../../../src/audit/log.ts';
import { readAuditLog } from '../../../src/audit/read.ts';
import { verifyAuditLog } from '../../../src/audit/verify.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { MAKING_WITHIN } from '../../../src/core/grants/life.ts';
import type { AuditEntry, ClusterApi } from '../../../src/core/ports/ports.ts';
import { type GrantStep, makeGrant } from '../../../src/session/grants/make-grant.ts';
import { type GrantDeps, record } from '../../../src/session/grants/record.ts';
import { type EndLog, recordEnds } from '../../../src/session/grants/record-ends.ts';
import { auditEntry } from '../../helpers/audit/audit-entries.ts';
import { sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo, type LiveDemo, STORY, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { runVerb } from '../../helpers/verb.ts';

let live: LiveDemo;
const { signal } = new AbortController();

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const POLICIES = 'networking.k8s.io/networkpolicies';
const nameOf = ({ halves }: Grant) => halves[0]?.policy?.name ?? '';
const remove = (grant: Grant) => live.demo.faults.edit(POLICIES, 'shop', nameOf(grant), () => undefined);
const ends = async () =>
  (await live.audited()).filter(({ type }) => type === 'expired' || type === 'revoked');

/** As a process of its own would have it, some ms later. */
function later(milliseconds: number, change: Partial<ClusterApi> = {}): GrantDeps {
  const { grantDeps } = live.runtime;
  const { api } = grantDeps;
  const clock = { now: () => api.clock.now() + milliseconds, error: 0, offset: 0 };
  return { ...grantDeps, api: { ...api, ...change, clock } };
}

/** The log as a process of its own opens it. */
const log = (demo = true): EndLog => ({
  demo,
  records: live.runtime.connection.records,
  audit: () => openAuditLog({ directory: dirname(live.auditPath), cluster: 'demo', version: 'test' }),
});

/** A grant that nobody keeps any more, as after `sluice grant` without `--wait`. */
async function leave(seconds = 600): Promise<Grant> {
  const made = await live.open({ seconds });
  live.runtime.keeper.forget(made.id);
  return made;
}

test('an end that nobody saw is written down: by the cluster, once the window is over', async () => {
  const made = await leave();
  remove(made);
  expect(await recordEnds(later(3_600_000), log(), signal)).toEqual([made.id]);
  const [end] = await ends();
  const granted = (await live.audited()).find(({ type }) => type === 'granted');
  expect(end).toMatchObject({
    type: 'expired',
    grant: granted?.grant,
    reason: 'test',
    outcome: expect.stringMatching(
      /^ended by the cluster: nobody saw it; it was gone before \d{4}-.*Z, its window to \d{4}-.*Z$/,
    ),
    objects: granted?.objects?.map(({ auditId: _, ...object }) => object),
  });
  expect(await recordEnds(later(7_200_000), log(), signal)).toEqual([]);
});

test('before its window is over somebody else removed it', async () => {
  remove(await leave());
  expect(await recordEnds(later(60_000), log(), signal)).toHaveLength(1);
  expect(await ends()).toMatchObject([
    { type: 'revoked', outcome: expect.stringMatching(/^removed by somebody else: nobody saw it/) },
  ]);
});

test('two processes at once write it once, and the chain stays whole', async () => {
  const all = await Promise.all([leave(), leave(), leave()]);
  all.forEach(remove);
  const deps = later(3_600_000);
  const written = await Promise.all(Array.from({ length: 4 }, () => recordEnds(deps, log(), signal)));
  expect(written.flat().toSorted()).toEqual(all.map(({ id }) => id).toSorted());
  expect(await ends()).toHaveLength(3);
  expect(await verifyAuditLog(live.auditPath)).toMatchObject({ ok: true });
});

test('one that stands, or that cannot be read, is left alone', async () => {
  const standing = await leave();
  expect(await recordEnds(later(60_000), log(), signal)).toEqual([]);
  remove(standing);
  const read = () => Promise.reject(new SluiceError('forbidden', 'You may not read it.', ''));
  expect(await recordEnds(later(60_000, { read }), log(), signal)).toEqual([]);
  expect(await ends()).toEqual([]);
});

test('one whose policy was made anew by somebody, under the same name, has ended', async () => {
  const made = await leave();
  const anew = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: nameOf(made), uid: 'anew' },
  };
  const read = async () => anew;
  expect(await recordEnds(later(60_000, { read }), log(), signal)).toEqual([made.id]);
});

test('one of another cluster, or of another demo, is left alone; one behind another address is not', async () => {
  remove(await leave());
  const deps = later(60_000);
  const elsewhere = { ...deps, info: { ...deps.info, clusterUid: 'another' } };
  expect(await recordEnds(elsewhere, log(), signal)).toEqual([]);
  const moved = { ...deps, info: { ...deps.info, server: 'https://127.0.0.1:1' } };
  expect(await recordEnds(moved, log(), signal)).toEqual([]);
  expect(await recordEnds(moved, log(false), signal)).toHaveLength(1);
});

describe('an intent without an outcome', () => {
  /** Stops a grant in the making at this step, as if the process had died: nothing more reaches the log or the cluster. */
  async function dieAt(step: GrantStep): Promise<void> {
    const { grantDeps, plan } = live.runtime;
    const asked = { ...STORY, seconds: 600 };
    const planned = await plan(asked, signal);
    if (!planned.ok) throw new Error(planned.message);
    const dead = new Promise<never>(() => undefined);
    const died = Promise.withResolvers<void>();
    let isDead = false;
    const orDead = <T>(work: () => Promise<T>) => (isDead ? dead : work());
    const { api, audit } = grantDeps;
    const deps: GrantDeps = {
      ...grantDeps,
      api: {
        ...api,
        create: (...args) => orDead(() => api.create(...args)),
        read: (...args) => orDead(() => api.read(...args)),
        delete: (...args) => orDead(() => api.delete(...args)),
      },
      audit: { ...audit, append: (entry) => orDead(() => audit.append(entry)) },
    };
    const onStep = (at: GrantStep) => {
      if (at !== step) return;
      isDead = true;
      died.resolve();
    };
    void makeGrant(deps, planned, asked, onStep, signal);
    await died.promise;
  }

  const made = () => live.runtime.connection.api.list({ group: 'batch', version: 'v1', resource: 'jobs' });
  const failures = async () => (await live.audited()).filter(({ type }) => type === 'failed');

  test('of which nothing is there gets one: that nobody saw what became of it', async () => {
    await dieAt('lease');
    expect(await recordEnds(later(60_000), log(), signal)).toEqual([]);
    expect(await recordEnds(later(MAKING_WITHIN + 60_000), log(), signal)).toHaveLength(1);
    expect(await failures()).toMatchObject([
      { outcome: expect.stringMatching(/^nobody saw what became of it; nothing of it was there at \d{4}-/) },
    ]);
    expect(await recordEnds(later(2 * MAKING_WITHIN), log(), signal)).toEqual([]);
  });

  test.each<GrantStep>(['policy', 'read-back'])(
    'of which something stands, as after the step %s began, has none yet',
    async (step) => {
      await dieAt(step);
      expect(await recordEnds(later(MAKING_WITHIN + 60_000), log(), signal)).toEqual([]);
      for (const { metadata } of await made()) {
        const resource =
          live.demo.faults.peek(POLICIES, 'shop', metadata.name) === undefined ? [] : [POLICIES];
        for (const kind of ['batch/jobs', ...resource])
          live.demo.faults.edit(kind, 'shop', metadata.name, () => undefined);
      }
      expect(await recordEnds(later(MAKING_WITHIN + 60_000), log(), signal)).toHaveLength(1);
    },
  );

  test('to end a grant is told by the end: who was about to may have done it', async () => {
    const grant = await leave();
    const { grantDeps } = live.runtime;
    await record(grantDeps, 'intent', grant, 'about to revoke');
    remove(grant);
    expect(await recordEnds(later(60_000), log(), signal)).toEqual([grant.id]);
    expect(await ends()).toMatchObject([
      { type: 'revoked', outcome: expect.stringMatching(/^removed after "about to revoke": nobody saw it/) },
    ]);
  });
});

test('a log that cannot be read is left alone', async () => {
  remove(await leave());
  await live.spoilLog();
  expect(await recordEnds(later(60_000), log(), signal)).toEqual([]);
});

/** A record, an hour old, of a grant that is in no cluster. */
function lostGrant(): AuditEntry {
  const { clusterUid } = live.runtime.info;
  const time = Date.now() - 3_600_000;
  const expiresAt = `${new Date(time + 60_000).toISOString().slice(0, 19)}Z`;
  const grant = { id: 'c4mzp2', source: 'web', destination: 'db', ports: '5432/tcp', seconds: 60, expiresAt };
  const policy = { kind: 'NetworkPolicy', namespace: 'shop', name: 'sluice-c4mzp2-in', uid: 'gone' };
  const cluster = { context: 'demo', server: live.runtime.info.server, clusterUid };
  return auditEntry({ type: 'granted', time, cluster, grant, objects: [policy] });
}

describe('at the start', () => {
  test.each([['grants'], ['extend', 'none', '--for', '1m'], ['revoke', 'none']])(
    'of %s they are written down',
    async (...argv) => {
      const state = dirname(live.auditPath);
      const directory = join(state, 'sluice', 'audit');
      const kubeconfig = join(state, 'kubeconfig');
      await writeFile(kubeconfig, live.demo.kubeconfig, { mode: 0o600 });
      const cluster = live.runtime.info.clusterUid ?? '';
      const { append, path } = await openAuditLog({ directory, cluster, version: 'test' });
      await append(lostGrant());
      await runVerb([...argv, '--kubeconfig', kubeconfig], { XDG_STATE_HOME: state });
      const types = (await Array.fromAsync(readAuditLog(path, { grant: 'c4mzp2' }))).map(({ type }) => type);
      expect(types).toEqual(['granted', 'expired']);
    },
  );

  test('of the app they are written down', async () => {
    const { append } = await live.runtime.connection.audit(live.runtime.info);
    await append(lostGrant());
    const session = sessionOn({ connect: () => connectionTo(live.demo, dirname(live.auditPath)) });
    try {
      await session.start();
      await eventually(async () => expect(await ends()).toMatchObject([{ grant: { id: 'c4mzp2' } }]));
    } finally {
      await session.dispose();
    }
  });
});
