import { asSluiceError, formatDuration, isAbort, SluiceError } from '../../core/common/common.ts';
import {
  announcedOf,
  GRANT_LABEL,
  type Grant,
  type GrantRequest,
  isAmong,
  leaseDrift,
  MANAGED_BY,
  newlyIsolated,
  noteFaults,
  policyFaults,
  type Surroundings,
  surroundingsDrift,
  surroundingsOf,
  troubleText,
  windowOf,
} from '../../core/grants/grants.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import { parseNetworkPolicy } from '../../core/policy/kinds/kinds.ts';
import type { PairChange } from '../../core/policy/model/model.ts';
import type { ObjectEvent } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import type { EvidenceDeps } from './evidence.ts';
import { extendGrant } from './extend-grant.ts';
import { JOBS, POLICIES, policyRef } from './find-grants.ts';
import { createGrantEnder, type GrantEnder } from './grant-ender.ts';
import {
  type AnnouncedWindow,
  type KeeperContext,
  type KeptGrant,
  keepGrant,
  note,
  recordOrNote,
} from './kept-grant.ts';
import { type GoodPlan, type GrantStep, type MadeGrant, makeGrant } from './make-grant.ts';
import { startMeter } from './meter.ts';
import { pathOf } from './path.ts';
import { proveOpen } from './prove-open.ts';
import { type GrantDeps, recordRefusal } from './record.ts';
import { tellExpiring, tellOpened } from './tell-grant.ts';

/** Keeps the grants made by this process: ends them at their deadline, watches for drift. */
export type GrantKeeper = {
  /** Newest first; ended ones stay until `forget`. */
  readonly grants: () => readonly Grant[];
  readonly make: (
    plan: GoodPlan,
    request: GrantRequest,
    onStep: (step: GrantStep, grant: Grant) => void,
    signal: AbortSignal,
  ) => Promise<Grant>;
  /** Keeps a grant that somebody else opened by approving the request of this process, as if it had made it. */
  readonly take: (made: MadeGrant, opens: readonly PairChange[]) => Grant;
  /** Ends grants now; resolves when the server confirms that each is gone, or refuses. */
  readonly revoke: (ids: readonly string[]) => Promise<void>;
  readonly extend: (id: string, seconds: number) => Promise<Grant>;
  readonly forget: (id: string) => void;
  /** Resolves when the grant has ended and its end has been judged. */
  readonly ended: (id: string) => Promise<Grant>;
  /** Call when pods, policies or namespaces change: the surroundings of grants are checked again. */
  readonly clusterChanged: () => void;
  /** Stops watching, and waits for pending ends and writes; leases continue on their own. */
  readonly dispose: () => Promise<void>;
};

/** How long an extension may take in total, ms. */
const EXTEND_WITHIN = 15_000;

/**
 * Creates a keeper for the grants of one connection (GRANT-11, GRANT-13, GRANT-14).
 *
 * @param onChange called after every change of any grant
 */
export function createKeeper(
  deps: GrantDeps,
  engine: Engine,
  evidence: EvidenceDeps,
  onChange: () => void,
): GrantKeeper {
  const lives = new Map<string, KeptGrant>();
  const pending = new Set<Promise<unknown>>();
  /** Aborts grants in progress, which then roll back. */
  const leaving = new AbortController();
  const context: KeeperContext = {
    deps,
    engine,
    evidence,
    set: (kept, change) => {
      kept.grant = { ...kept.grant, ...change };
      onChange();
    },
    keep: (work) => {
      pending.add(work);
      work.then(
        () => pending.delete(work),
        () => pending.delete(work),
      );
      return work;
    },
  };
  const ender = createGrantEnder(context);
  const surroundings = watchSurroundings(context, () => lives.values());

  const get = (id: string): KeptGrant => {
    const kept = lives.get(id);
    if (kept === undefined)
      throw new SluiceError(
        'not-found',
        `Grant ${id} was not created in this session.`,
        'Run sluice grants to list all grants.',
      );
    return kept;
  };

  const watchOpen = async (kept: KeptGrant, since: number) => {
    const path = pathOf(engine.model, kept.opened);
    const opened = await proveOpen(evidence, path, since, kept.stop.signal);
    if (kept.grant.state.name !== 'applied') return;
    const at = opened.at ?? deps.api.clock.now();
    context.set(kept, { state: { name: 'open', at, after: Math.max(0, at - since), how: opened.how } });
    await tellOpened(context, kept);
  };

  /** Shows errors of background work, except for aborts when the grant is no longer kept. */
  const quietly = (kept: KeptGrant, work: Promise<void>) =>
    work.catch((error: unknown) => {
      if (!isAbort(error) && !kept.stop.signal.aborted && !(error instanceof AggregateError))
        note(context, kept, [asSluiceError(error).message]);
    });

  const start = (made: MadeGrant, before: Surroundings, opened: readonly PairChange[]) => {
    const { grant } = made;
    const kept = keepGrant(made, before, opened);
    lives.set(grant.id, kept);
    kept.meter = startMeter(
      evidence,
      () => pathOf(engine.model, kept.opened),
      () => deps.api.clock.now(),
    );
    kept.stop.signal.addEventListener('abort', kept.meter.dispose, { once: true });
    onChange();
    watchObjects(context, kept, ender);
    void quietly(kept, ender.atDeadline(kept));
    if (deps.tell !== undefined) void tellExpiring(context, kept).catch(() => undefined);
    void settleClock(deps, grant, kept.stop.signal).catch(() => undefined);
    if (grant.state.name === 'applied') void quietly(kept, watchOpen(kept, grant.state.at));
    return kept;
  };

  return {
    grants: () => [...lives.values()].map(({ grant }) => grant).reverse(),
    make: async (plan, request, onStep, signal) => {
      await mustIsolateNoMore(deps, engine, plan, request);
      const before = surroundingsOf(
        engine,
        plan.halves.map(({ policy }) => parseNetworkPolicy(policy)),
      );
      const made = await context.keep(
        makeGrant(deps, plan, request, onStep, AbortSignal.any([signal, leaving.signal])),
      );
      return start(made, before, plan.opens).grant;
    },
    take: (made, opens) => {
      const policies = [...made.sent.values()].filter(({ kind }) => kind === 'NetworkPolicy');
      return start(made, surroundingsOf(engine, policies.map(parseNetworkPolicy)), opens).grant;
    },
    revoke: async (ids) => {
      await Promise.all(ids.map((id) => ender.end(get(id), 'revoke')));
    },
    extend: async (id, seconds) => {
      const kept = get(id);
      const work = extendGrant(deps, kept.grant, seconds, AbortSignal.timeout(EXTEND_WITHIN));
      const { window, announced } = await context.keep(work);
      if (window !== undefined)
        context.set(kept, { window, ...(announced === undefined ? {} : { announced }) });
      return kept.grant;
    },
    forget: (id) => {
      const kept = lives.get(id);
      kept?.stop.abort();
      lives.delete(id);
      onChange();
    },
    ended: (id) => get(id).over.promise,
    clusterChanged: surroundings.changed,
    dispose: async () => {
      leaving.abort();
      surroundings.dispose();
      for (const { stop } of lives.values()) stop.abort();
      await Promise.allSettled(pending);
    },
  };
}

/**
 * Refuses a plan that would isolate pods which it did not tell of when it was confirmed (GRANT-45).
 *
 * @throws SluiceError `refused`
 */
async function mustIsolateNoMore(
  deps: GrantDeps,
  engine: Engine,
  plan: GoodPlan,
  request: GrantRequest,
): Promise<void> {
  const [first, ...more] = newlyIsolated(engine, plan);
  if (first === undefined) return;
  const pods = more.length === 0 ? first : `${first} and ${more.length} more`;
  const message = `The cluster has changed since the grant was planned: it would isolate ${pods} now.`;
  await recordRefusal(deps, request, message);
  throw new SluiceError('refused', message, 'Plan it again.');
}

/** Clock error that is good enough to end a grant at its deadline, ms. */
const EXACT = 50;

/** An interval that does not divide a second, so that requests fall at different moments within it, ms. */
const STEP = 137;

/**
 * Measures the server's time precisely enough to end a grant on time: the `Date` of a response has whole seconds, and
 * only several at different moments bound the offset (API-10). At most 30 small reads, right after the grant is
 * created; none if the clock is already known.
 */
async function settleClock({ api }: GrantDeps, { halves }: Grant, signal: AbortSignal): Promise<void> {
  const [half] = halves;
  if (half?.policy === undefined) return;
  const ref = policyRef(half.namespace, half.policy.name);
  for (let tries = 0; tries < 30 && api.clock.error > EXACT; tries += 1) {
    await pause(STEP, signal);
    await api.read(ref, signal);
  }
}

/** Pods and policies change often; the surroundings of grants are checked at most this often, ms. */
const LOOK_EVERY = 1_000;

/** Many grants are checked in slices of this many ms, with pauses in between, to keep keys responsive. */
const SLICE = 10;
const BETWEEN = 40;

/**
 * Watches what grants were checked against: base policies, pod labels, other policies that open the path (GRANT-14).
 * Each change is reported once.
 */
function watchSurroundings(context: KeeperContext, lives: () => Iterable<KeptGrant>) {
  const waiting: KeptGrant[] = [];
  let timer: NodeJS.Timeout | undefined;
  let changed = false;
  const slice = () => {
    const end = performance.now() + SLICE;
    for (let kept = waiting.shift(); kept !== undefined; kept = waiting.shift()) {
      look(context, kept);
      if (performance.now() >= end) break;
    }
    timer = undefined;
    if (waiting.length > 0) timer = setTimeout(slice, BETWEEN).unref();
    else if (changed) begin();
  };
  const begin = () => {
    changed = false;
    timer = setTimeout(() => {
      waiting.push(...lives());
      slice();
    }, LOOK_EVERY).unref();
  };
  return {
    changed: () => {
      changed = true;
      if (timer === undefined) begin();
    },
    dispose: () => clearTimeout(timer),
  };
}

function look(context: KeeperContext, kept: KeptGrant): void {
  const { engine } = context;
  if (kept.ending !== undefined || !isKnown(context, kept)) return;
  const { drift, opens } = surroundingsDrift(engine, kept.policies, kept.surroundings, kept.opened);
  const isKnownPair = isAmong(kept.opened);
  const fresh = opens.filter((pair) => !isKnownPair(pair));
  if (fresh.length > 0) kept.opened = [...kept.opened, ...fresh];
  drifted(context, kept, drift);
}

/** Until the watch delivers the grant's own policies, everything would look closed. */
function isKnown({ engine }: KeeperContext, { policies }: KeptGrant): boolean {
  return policies.every(
    ({ kind, namespace, name, uid }) => engine.model.policy(kind, namespace, name)?.uid === uid,
  );
}

/** A policy removed this shortly before its deadline was ended by the lease, as clocks differ a little, ms. */
const NEAR = 1_000;

/** Reports drift on the screen and in the log, each once; changes made by ending the grant are not drift. */
function drifted(context: KeeperContext, kept: KeptGrant, found: readonly string[]): void {
  if (kept.ending !== undefined) return;
  const fresh = note(context, kept, found);
  if (fresh.length > 0) void context.keep(recordOrNote(context, kept, 'drift', fresh.join('; ')));
}

/** Takes over a window that was announced on its lease, and puts it on record if it is somebody else's (GRANT-16). */
function adopt(context: KeeperContext, kept: KeptGrant, lease: string, set: AnnouncedWindow): void {
  kept.windows.set(lease, set);
  const [earliest] = [...kept.windows.values()].toSorted((one, other) => one.window.end - other.window.end);
  if (earliest === undefined || earliest.window.end === kept.grant.window?.end) return;
  const { window, announced } = earliest;
  context.set(kept, { window, ...(announced === undefined ? {} : { announced }) });
  if (announced === undefined || announced.by === context.deps.identity.username) return;
  const outcome = `${announced.by} set the window to ${formatDuration(window.seconds)}`;
  void context.keep(recordOrNote(context, kept, 'extended', outcome));
}

/** Watches the objects of a grant while it is kept: a changed object is drift, a removed policy ends the grant. */
function watchObjects(context: KeeperContext, kept: KeptGrant, { end }: Pick<GrantEnder, 'end'>): void {
  const { deps } = context;

  const onPolicy = (namespace: string, event: ObjectEvent) => {
    const half = kept.grant.halves.find(({ policy }) => policy?.uid === event.uid);
    if (half?.policy === undefined) return;
    const { state } = event;
    if (state === undefined) {
      if (kept.ending !== undefined) return;
      const late = deps.api.clock.now() >= (kept.grant.window?.end ?? Number.POSITIVE_INFINITY) - NEAR;
      const moved = [...kept.deadlines.values()].some((end) => deps.api.clock.now() >= end - NEAR);
      if (!late)
        drifted(context, kept, [
          `NetworkPolicy ${namespace}/${half.policy.name} was deleted by ${moved ? 'the cluster, at the moved deadline' : 'someone else'}`,
        ]);
      void end(kept, late ? 'lease' : 'other');
      return;
    }
    const sent = kept.sent.get(`NetworkPolicy/${namespace}/${half.policy.name}`);
    const lease = kept.sent.get(`Job/${namespace}/${half.lease?.name}`);
    if (sent !== undefined && lease !== undefined)
      drifted(context, kept, [
        ...policyFaults(state, lease, sent.spec).map((fault) => troubleText(state, fault)),
        ...noteFaults([lease, state]),
      ]);
  };

  const onLease = (namespace: string, event: ObjectEvent) => {
    const half = kept.grant.halves.find(({ lease }) => lease?.uid === event.uid);
    const { state } = event;
    if (half?.lease === undefined || state === undefined || state.metadata.deletionTimestamp !== undefined)
      return;
    const sent = kept.sent.get(`Job/${namespace}/${half.lease.name}`);
    const policy = kept.sent.get(`NetworkPolicy/${namespace}/${half.policy?.name}`);
    const faults = leaseDrift(state, sent);
    drifted(context, kept, [
      ...faults.map((fault) => troubleText(state, fault)),
      ...(policy === undefined ? [] : noteFaults([state, policy])),
    ]);
    const window = windowOf(state);
    if (window === undefined) return;
    kept.deadlines.set(event.uid, window.end);
    if (faults.length === 0) adopt(context, kept, event.uid, { window, announced: announcedOf(state) });
  };

  const labels = `${MANAGED_BY}=sluice,${GRANT_LABEL}=${kept.grant.id}`;
  const watch = (namespace: string, collection: typeof JOBS | typeof POLICIES, on: typeof onPolicy) =>
    deps.api
      .follow({ ...collection, namespace }, labels, (event) => on(namespace, event), kept.stop.signal)
      .catch((error: unknown) => {
        if (!isAbort(error) && !kept.stop.signal.aborted)
          drifted(context, kept, [
            `its ${collection.resource} in ${namespace} can't be watched: ${asSluiceError(error).message}`,
          ]);
      });
  for (const namespace of new Set(kept.grant.halves.map((half) => half.namespace))) {
    void watch(namespace, POLICIES, onPolicy);
    void watch(namespace, JOBS, onLease);
  }
}
