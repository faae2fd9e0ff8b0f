import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import { LATE } from '../../../src/core/grants/judge.ts';
import { windowOf } from '../../../src/core/grants/lease.ts';
import { findLeftovers, livesOf } from '../../../src/core/grants/leftovers.ts';
import { grantId } from '../../../src/core/grants/names.ts';
import type { AuditEntry, AuditRecord, ClusterApi } from '../../../src/core/ports/ports.ts';
import { followGrants } from '../../../src/core/records/records.ts';
import type { Stored } from '../../../src/demo/store/objects.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { findObjects, grantsOf } from '../../../src/session/grants/find-grants.ts';
import { type GoodPlan, makeGrant } from '../../../src/session/grants/make-grant.ts';
import type { GrantDeps } from '../../../src/session/grants/record.ts';
import { recordEnds } from '../../../src/session/grants/record-ends.ts';
import { revokeFound, sweepFound } from '../../../src/session/grants/revoke-found.ts';
import { type StillCluster, stillCluster } from '../../helpers/demo/still-cluster.ts';
import { draftHalf } from '../../helpers/grant-objects.ts';

/** Random lives of grants: 10,000 with SLUICE_FUZZ=full, a sample of them otherwise. */
const RUNS = process.env.SLUICE_FUZZ === 'full' ? 10_000 : 150;

/** What becomes of one call of an operator, who may die of it. */
type Fault = { readonly call: number; readonly how: 'dies before' | 'dies after' | 'lost' | 'doubled' };

type Step =
  | {
      readonly do: 'request';
      readonly by: number;
      readonly seconds: number;
      readonly fault: Fault | undefined;
    }
  | {
      readonly do: 'extend' | 'revoke' | 'sweep' | 'record';
      readonly by: number;
      readonly fault: Fault | undefined;
    }
  | { readonly do: 'edit'; readonly edit: keyof typeof EDITS }
  | { readonly do: 'controllers' | 'server'; readonly up: boolean }
  | { readonly do: 'clock'; readonly by: number; readonly skew: number }
  | { readonly do: 'wait'; readonly milliseconds: number };

const JOBS = 'batch/jobs';
const POLICIES = 'networking.k8s.io/networkpolicies';
const spec = (change: object) => (object: Stored) => ({
  ...object,
  spec: { ...(object.spec as object), ...change },
});
const meta = (change: object) => (object: Stored) => ({
  ...object,
  metadata: { ...object.metadata, ...change },
});

/** What somebody does to the newest grant: the collection, and the change; undefined deletes the object. */
const EDITS = {
  suspend: [JOBS, spec({ suspend: true })],
  resume: [JOBS, spec({ suspend: false })],
  later: [JOBS, spec({ activeDeadlineSeconds: 3_600 })],
  earlier: [JOBS, spec({ activeDeadlineSeconds: 1 })],
  'no ttl': [JOBS, spec({ ttlSecondsAfterFinished: undefined })],
  'no lease': [JOBS, () => undefined],
  finalizer: [POLICIES, meta({ finalizers: ['example.com/keep'] })],
  'no owner': [POLICIES, meta({ ownerReferences: undefined })],
  widened: [POLICIES, spec({ ingress: [{}] })],
  'no policy': [POLICIES, () => undefined],
} as const satisfies Record<string, readonly [string, (object: Stored) => ApiObject | undefined]>;

const by = fc.constantFrom(0, 1);
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.integer({ min: 1, max: 24 }),
      how: fc.constantFrom('dies before', 'dies after', 'lost', 'doubled'),
    }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('request'), by, seconds: fc.integer({ min: 1, max: 30 }), fault }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('extend', 'revoke', 'sweep', 'record'), by, fault }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('edit'),
      edit: fc.constantFrom(...(Object.keys(EDITS) as (keyof typeof EDITS)[])),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('controllers', 'server'),
      up: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clock'), by, skew: fc.constantFrom(-3_600_000, 0, 3_600_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait'), milliseconds: fc.integer({ min: 10, max: 40_000 }) }),
  },
);

/** One cluster, and two operators with logs of their own. */
type World = {
  readonly cluster: StillCluster;
  readonly operators: readonly { readonly name: string; skew: number; readonly records: AuditRecord[] }[];
  /** Grants that somebody edited: the cluster need not end them in time. */
  readonly edited: Set<string>;
  /** Every policy that was ever made, by name. */
  readonly made: Map<string, number>;
  /** When the lease of a name ends, or did; ms. */
  readonly ends: Map<string, number>;
  isUp: boolean;
  /** Since when the controllers run; undefined while they don't. */
  running: number | undefined;
  ids: number;
};

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
    now: Date.UTC(2026, 10, 22),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function startWorld(): World {
  const cluster = stillCluster();
  const made = new Map<string, number>();
  const ends = new Map<string, number>();
  cluster.store.subscribe(({ type, resource, object }) => {
    const { name } = object.metadata;
    if (resource === POLICIES && type === 'ADDED') made.set(name, (made.get(name) ?? 0) + 1);
    const end = resource === JOBS ? windowOf(object)?.end : undefined;
    if (end !== undefined) ends.set(name, end);
  });
  const operator = (name: string) => ({ name, skew: 0, records: [] });
  return {
    cluster,
    operators: [operator('alice'), operator('bob')],
    edited: new Set(),
    made,
    ends,
    isUp: true,
    running: Date.now(),
    ids: 0,
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets time pass for a piece of work, from timer to timer, until it is done. */
async function drive<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const end = () => {
    isDone = true;
  };
  work.then(end, end);
  for (let turns = 0; !isDone; turns += 1) {
    if (turns > 100_000) throw new Error('it never ends');
    for (let more = 0; more < 4 && !isDone; more += 1) await turn();
    if (!isDone) vi.advanceTimersToNextTimer();
  }
  return work;
}

const lost = () => new SluiceError('unreachable', 'The connection was lost.', '');

/** Runs some work of an operator; undefined if it died of the fault, or failed, as it may. */
async function operate<T>(
  world: World,
  index: number,
  wrong: Fault | undefined,
  work: (deps: GrantDeps) => Promise<T>,
): Promise<T | undefined> {
  const operator = world.operators[index] as World['operators'][number];
  const died = Promise.withResolvers<undefined>();
  const never = new Promise<never>(() => undefined);
  let calls = 0;
  let isDead = false;
  const die = () => {
    isDead = true;
    died.resolve(undefined);
    return never;
  };
  const call = async <R>(act: () => Promise<R>, isRemote = true): Promise<R> => {
    if (isDead) return never;
    calls += 1;
    const how = calls === wrong?.call ? wrong.how : undefined;
    if (how === 'dies before') return die();
    if (isRemote && !world.isUp) throw lost();
    const answer = await act();
    if (how === 'dies after') return die();
    if (!isRemote) return answer;
    if (how === 'lost') throw lost();
    return how === 'doubled' ? act() : answer;
  };
  const api = world.cluster.api(operator.name, () => Date.now() + operator.skew);
  const told: ClusterApi = {
    ...api,
    read: (...args) => call(() => api.read(...args)),
    list: (...args) => call(() => api.list(...args)),
    create: (...args) => call(() => api.create(...args)),
    patch: (...args) => call(() => api.patch(...args)),
    delete: (...args) => call(() => api.delete(...args)),
  };
  const append = (entry: AuditEntry): AuditRecord => {
    const seq = operator.records.length + 1;
    const writer = { user: operator.name, host: 'host', version: 'test', pid: 1 };
    const record = { ...entry, v: 1, seq, prev: '', hash: `${operator.name}-${seq}`, writer } as const;
    operator.records.push(record);
    return record;
  };
  const deps: GrantDeps = {
    api: told,
    audit: { append: (entry) => call(async () => append(entry), false), checkpoint: () => undefined },
    identity: { username: operator.name, groups: [], extra: {}, impersonating: false },
    info: {
      context: 'still',
      server: 'https://127.0.0.1',
      version: '1.36',
      gitVersion: 'v1.36.3',
      minor: 36,
      clusterUid: 'still',
      enforcer: 'unknown',
      enforcerEvidence: '',
    },
    clock: { now: () => Date.now() + operator.skew, monotonic: () => performance.now() },
    version: 'test',
    limits: DEFAULT_LIMITS,
  };
  const tried = (async () => {
    // Every verb asks something first, so that it knows the server's time.
    await told.read({ group: '', version: 'v1', resource: 'namespaces', name: 'shop' });
    return work(deps);
  })().catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error.code === 'bug') throw error;
    return undefined;
  });
  return drive(Promise.race([tried, died.promise]));
}

function planOf(world: World, requester: string, seconds: number): GoodPlan {
  world.ids += 1;
  const id = grantId(new Uint8Array([world.ids, world.ids >> 8, 7, 7, 7, 7]));
  const directions = ['ingress', 'egress'] as const;
  const halves = directions.map((direction) => ({ direction, namespace: 'shop' }));
  return {
    ok: true,
    ...{
      id,
      seconds,
      source: 'web',
      destination: 'db',
      ports: [{ port: 5_432, protocol: 'TCP' }],
      before: 'deny',
      after: '',
    },
    ...{ opens: [], extra: [], closes: [], isolates: [], unjudged: [], wide: [], warnings: [] },
    halves: directions.map((direction) => draftHalf({ id, requester, direction, halves, seconds })),
  } as unknown as GoodPlan;
}

const ever = new AbortController().signal;

async function take(world: World, step: Step): Promise<void> {
  const { cluster, operators } = world;
  const newest = async (deps: GrantDeps) => grantsOf(await findObjects(deps.api, 'shop', ever)).at(-1);
  switch (step.do) {
    case 'request': {
      const plan = planOf(world, operators[step.by]?.name ?? '', step.seconds);
      const request = {
        ...{ source: { type: 'ip', ip: '' }, destination: { type: 'ip', ip: '' } },
        ports: plan.ports,
        seconds: step.seconds,
        reason: 'test',
      };
      await operate(world, step.by, step.fault, (deps) =>
        makeGrant(deps, plan, request as unknown as Parameters<typeof makeGrant>[2], () => undefined, ever),
      );
      return;
    }
    case 'extend':
      await operate(world, step.by, step.fault, async (deps) => {
        const grant = await newest(deps);
        return grant === undefined ? undefined : extendGrant(deps, grant, 10, ever);
      });
      return;
    case 'revoke': {
      const end = await operate(world, step.by, step.fault, async (deps) => {
        const grant = await newest(deps);
        return grant === undefined ? undefined : { grant, ...(await revokeFound(deps, grant)) };
      });
      if (end?.revoked !== true) return;
      const uids = cluster.store.list(POLICIES).map(({ metadata }) => metadata.uid);
      const left = end.grant.halves.filter(({ policy }) => uids.includes(policy?.uid ?? ''));
      expect(left, 'a revoke that is said done leaves no policy').toEqual([]);
      return;
    }
    case 'sweep':
      await operate(world, step.by, step.fault, sweepAll);
      return;
    case 'record':
      await operate(world, step.by, step.fault, (deps) => writeEnds(world, step.by, deps));
      return;
    case 'edit': {
      const [resource, change] = EDITS[step.edit];
      const object = cluster.store.list(resource, 'shop').at(-1);
      if (object === undefined) return;
      world.edited.add(object.metadata.labels?.['sluice.dev/grant'] ?? '');
      const next = change(object);
      if (next === undefined) cluster.store.remove(resource, `shop/${object.metadata.name}`);
      else cluster.store.put(resource, next as Stored);
      return;
    }
    case 'controllers':
      if (step.up === (world.running !== undefined)) return;
      if (step.up) cluster.controllers.resume();
      else cluster.controllers.pause();
      world.running = step.up ? Date.now() : undefined;
      return;
    case 'server':
      world.isUp = step.up;
      return;
    case 'clock':
      (operators[step.by] as { skew: number }).skew = step.skew;
      return;
    case 'wait':
      vi.advanceTimersByTime(step.milliseconds);
  }
}

async function sweepAll(deps: GrantDeps): Promise<void> {
  const { clock } = deps.api;
  const found = findLeftovers(await findObjects(deps.api, 'shop', ever), clock.now() - clock.error);
  for (const { state, grant, why } of found) if (state === 'leftover') await sweepFound(deps, grant, why);
}

async function writeEnds(world: World, index: number, deps: GrantDeps): Promise<void> {
  const records = world.operators[index]?.records ?? [];
  const log = {
    demo: false,
    records: async function* () {
      yield* [...records];
    },
    audit: async () => ({
      appendMissing: async (_: number, missing: (all: readonly AuditRecord[]) => readonly AuditEntry[]) => {
        const appended: AuditRecord[] = [];
        for (const entry of missing(records)) {
          await deps.audit.append(entry);
          appended.push(records.at(-1) as AuditRecord);
        }
        return appended;
      },
    }),
  };
  await recordEnds(deps, log, ever);
}

/** What holds at every moment. */
function holds({ cluster: { store }, edited, made, ends, running, operators }: World): void {
  const now = Date.now();
  const [policies, jobs] = [store.list(POLICIES, 'shop'), store.list(JOBS, 'shop')];
  const lives = livesOf({ policies, jobs, unread: new Map(), gone: new Set() }, now);
  for (const { metadata } of policies) {
    const id = metadata.labels?.['sluice.dev/grant'] ?? '';
    const lease = jobs.find((job) => job.metadata.name === metadata.name);
    const end = ends.get(metadata.name);
    const isOver = end !== undefined && now > end + LATE;
    if (isOver && running !== undefined && now > running + LATE && !edited.has(id))
      throw new Error(`${metadata.name} is in force past its window, though the controllers run`);
    // What is past its window is seen to be, by whoever looks; an edited lease may have a new one.
    const seenEnd = lease === undefined ? undefined : windowOf(lease)?.end;
    if ((seenEnd !== undefined && now > seenEnd + LATE) || lease === undefined)
      expect(lives.get(id)?.stage, metadata.name).toBe('leftover');
  }
  for (const [name, times] of made) expect(times, `${name} was made once`).toBe(1);
  const granted = operators.flatMap(({ records }) =>
    records.flatMap(({ type, grant }) => (type === 'granted' ? [grant?.id] : [])),
  );
  expect(new Set(granted).size, 'a request is granted once').toBe(granted.length);
}

/** All is well again, and time goes by: nothing is left, and nothing is without its end. */
async function settles(world: World): Promise<void> {
  const { cluster, operators } = world;
  await take(world, { do: 'server', up: true });
  await take(world, { do: 'controllers', up: true });
  for (const policy of cluster.store.list(POLICIES, 'shop'))
    if (policy.metadata.finalizers?.includes('example.com/keep') === true) {
      const { deletionTimestamp, name } = policy.metadata;
      if (deletionTimestamp !== undefined) cluster.store.remove(POLICIES, `shop/${name}`);
      else cluster.store.put(POLICIES, meta({ finalizers: undefined })(policy) as Stored);
    }
  vi.advanceTimersByTime(2 * 3_600_000);
  await operate(world, 0, undefined, sweepAll);
  vi.advanceTimersByTime(60_000);
  const left = [...cluster.store.list(POLICIES, 'shop'), ...cluster.store.list(JOBS, 'shop')];
  expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  for (const [index, { records }] of operators.entries()) {
    vi.advanceTimersByTime(600_000);
    await operate(world, index, undefined, (deps) => writeEnds(world, index, deps));
    const { take: follow, unfinished } = followGrants();
    for (const record of records) follow(record);
    expect(unfinished(Date.now() + 86_400_000), 'each intent and each grant has an end').toEqual([]);
  }
}

test('whatever happens to two operators and their cluster, nothing lingers and nothing goes unrecorded', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const world = startWorld();
      try {
        for (const one of steps) {
          await take(world, one);
          holds(world);
        }
        await settles(world);
        for (const { records } of world.operators) for (const { type } of records) seen.add(type);
      } finally {
        world.cluster.stop();
        vi.clearAllTimers();
      }
    }),
    {
      numRuns: RUNS,
      // A revoke of what only a lease is left of, killed before its outcome.
      examples: [
        [
          [
            { do: 'request', by: 0, seconds: 1, fault: undefined },
            { do: 'revoke', by: 0, fault: undefined },
            { do: 'revoke', by: 0, fault: { call: 8, how: 'dies after' } },
          ],
        ],
      ],
    },
  );
  expect([...seen].toSorted()).toEqual([
    'expired',
    'extended',
    'failed',
    'granted',
    'intent',
    'refused',
    'revoked',
    'swept',
  ]);
}, 1_800_000);
