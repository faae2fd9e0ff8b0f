import type { EndedBy, Grant, GrantRequest, GrantState, GrantWindow } from '../../core/access/grant.ts';
import { leaseDrift, policyFaults, windowOf } from '../../core/access/lease.ts';
import { MANAGED_SELECTOR } from '../../core/access/names.ts';
import { asSluiceError, isAbort, SluiceError } from '../../core/errors.ts';
import type { ApiObject, ObjectEvent } from '../../core/ports.ts';
import { pause, until } from '../wait.ts';
import { removeLeases, removePolicies } from './end-grant.ts';
import { type EvidenceDeps, proveClosed, proveOpen } from './evidence.ts';
import { extendGrant } from './extend-grant.ts';
import { type GoodPlan, type GrantStep, type MadeGrant, makeGrant } from './make-grant.ts';
import { JOBS, POLICIES } from './objects.ts';
import type { GrantPath } from './path.ts';
import { type GrantDeps, objectsOf, record } from './record.ts';
import { settleClock } from './settle-clock.ts';

/** Grants made by this process: counts them down, ends them at the deadline, watches for drift. */
export type GrantKeeper = {
  /** Newest first; ended ones stay until `forget`. */
  readonly grants: () => readonly Grant[];
  readonly make: (
    plan: GoodPlan,
    request: GrantRequest,
    path: GrantPath,
    onStep: (step: GrantStep, grant: Grant) => void,
    signal: AbortSignal,
  ) => Promise<Grant>;
  /** Ends grants now; resolves when the server says that each is gone, or that it can't be. */
  readonly revoke: (ids: readonly string[]) => Promise<void>;
  readonly extend: (id: string, seconds: number) => Promise<Grant>;
  readonly forget: (id: string) => void;
  /** Resolves when the grant has ended and its end was judged. */
  readonly ended: (id: string) => Promise<Grant>;
  /** Stops watching, and lets what is being ended or written come to its end; leases go on by themselves. */
  readonly dispose: () => Promise<void>;
};

type Life = {
  grant: Grant;
  readonly path: GrantPath;
  readonly sent: ReadonlyMap<string, ApiObject>;
  readonly windows: Map<string, GrantWindow>;
  /** Set once its end has begun, so that it begins once. */
  ending?: Promise<void>;
  readonly over: PromiseWithResolvers<Grant>;
  readonly stop: AbortController;
};

/** How long ending a grant may take altogether before it is reported as failed. */
const END_WITHIN = 15_000;

/** A failed end is tried again after this long, until it is done or the app ends. */
const RETRY_AFTER = 3_000;

/**
 * Keeps the grants of one connection (design §5 steps 7 to 11).
 *
 * @param onChange called after every change of any grant
 */
export function createKeeper(deps: GrantDeps, evidence: EvidenceDeps, onChange: () => void): GrantKeeper {
  const lives = new Map<string, Life>();
  const pending = new Set<Promise<unknown>>();
  /** Aborts grants that are being made, which then roll back. */
  const leaving = new AbortController();
  const keep = <T>(work: Promise<T>): Promise<T> => {
    pending.add(work);
    work.then(
      () => pending.delete(work),
      () => pending.delete(work),
    );
    return work;
  };

  const set = (life: Life, change: Partial<Grant>) => {
    life.grant = { ...life.grant, ...change };
    onChange();
  };
  const get = (id: string): Life => {
    const life = lives.get(id);
    if (life === undefined)
      throw new SluiceError('not-found', `No grant ${id} was made here.`, 'See sluice grants.');
    return life;
  };

  /** Ends a grant once, whoever asks first; a failed end may be asked for again. */
  const end = (life: Life, by: EndedBy): Promise<void> => {
    life.ending ??= keep(endNow(life, by)).finally(() => {
      if (life.grant.state.name === 'failed') life.ending = undefined;
    });
    return life.ending;
  };

  const endNow = async (life: Life, by: EndedBy) => {
    const signal = AbortSignal.timeout(END_WITHIN);
    set(life, { state: { name: 'revoking', at: deps.api.clock.now() } });
    const left = await removePolicies(deps, life.grant, signal).catch((error: unknown) => [
      asSluiceError(error).message,
    ]);
    const at = deps.api.clock.now();
    if (left.length > 0) {
      const state: GrantState = {
        name: 'failed',
        at,
        message: `Not revoked: ${left.join('; ')}.`,
        hint: 'It is tried again by itself; the lease is the backstop.',
      };
      set(life, { state });
      await record(deps, 'failed', life.grant, state.message, objectsOf(life.grant)).catch(() => undefined);
      pause(RETRY_AFTER, life.stop.signal).then(
        () => end(life, by),
        () => undefined,
      );
      return;
    }
    set(life, { state: { name: 'revoked', at, by } });
    const leases = await removeLeases(deps, life.grant, signal).catch((error: unknown) => [
      asSluiceError(error).message,
    ]);
    if (leases.length > 0) set(life, { drift: [...life.grant.drift, ...leases] });
    await recordEnd(deps, life.grant, by, at);
    void keep(judgeEnd(life, by, at));
  };

  const judgeEnd = async (life: Life, by: EndedBy, at: number) => {
    try {
      const judged = await proveClosed(evidence, life.path, at, life.stop.signal);
      const now = deps.api.clock.now();
      const state: GrantState =
        judged.state === 'closed'
          ? { name: 'closed', at: now, by, proof: judged.proof }
          : { name: 'flowing', at: now, by, connections: judged.connections };
      set(life, { state });
      await record(
        deps,
        'closed',
        life.grant,
        judged.state === 'closed' ? `closed: ${judged.proof}` : `still flowing: ${judged.connections}`,
      );
    } catch (error) {
      if (!isAbort(error) && !life.stop.signal.aborted)
        set(life, { drift: [...life.grant.drift, asSluiceError(error).message] });
    } finally {
      life.over.resolve(life.grant);
      life.stop.abort();
    }
  };

  const countDown = async (life: Life) => {
    await until(
      () => life.grant.window?.end ?? 0,
      () => deps.api.clock.now(),
      life.stop.signal,
    );
    await end(life, 'deadline');
  };

  const watchOpen = async (life: Life, since: number) => {
    const opened = await proveOpen(evidence, life.path, since, life.stop.signal);
    if (life.grant.state.name !== 'applied') return;
    const at = Number.isNaN(opened.at) ? deps.api.clock.now() : opened.at;
    set(life, { state: { name: 'open', at, after: Math.max(0, at - since), how: opened.how } });
  };

  const drift = (life: Life, found: readonly string[]) => {
    const fresh = found.filter((text) => !life.grant.drift.includes(text));
    if (fresh.length === 0 || life.ending !== undefined) return;
    set(life, { drift: [...life.grant.drift, ...fresh] });
    void record(deps, 'drift', life.grant, fresh.join('; '), objectsOf(life.grant)).catch(() => undefined);
  };

  const onPolicy = (life: Life, namespace: string, event: ObjectEvent) => {
    const half = life.grant.halves.find(({ policy }) => policy?.uid === event.uid);
    if (half?.policy === undefined) return;
    if (event.state === undefined) {
      if (life.ending !== undefined) return;
      const late = deps.api.clock.now() >= (life.grant.window?.end ?? Number.POSITIVE_INFINITY) - 1_000;
      if (!late) drift(life, [`NetworkPolicy ${namespace}/${half.policy.name} was deleted by somebody else`]);
      void end(life, late ? 'lease' : 'other');
      return;
    }
    const sent = life.sent.get(`NetworkPolicy/${namespace}/${half.policy.name}`);
    const lease = life.sent.get(`Job/${namespace}/${half.lease?.name}`);
    if (sent !== undefined && lease !== undefined) drift(life, policyFaults(event.state, sent, lease));
  };

  const onLease = (life: Life, namespace: string, event: ObjectEvent) => {
    const half = life.grant.halves.find(({ lease }) => lease?.uid === event.uid);
    if (
      half?.lease === undefined ||
      event.state === undefined ||
      event.state.metadata.deletionTimestamp !== undefined
    )
      return;
    const sent = life.sent.get(`Job/${namespace}/${half.lease.name}`);
    const faults = leaseDrift(event.state, sent, life.grant.window);
    drift(
      life,
      faults.map((fault) => `Job ${namespace}/${half.lease?.name}: ${fault}`),
    );
    const window = windowOf(event.state);
    if (faults.length > 0 || window === undefined) return;
    life.windows.set(event.uid, window);
    const earliest = [...life.windows.values()].toSorted((one, other) => one.end - other.end)[0];
    if (earliest !== undefined && earliest.end !== life.grant.window?.end) set(life, { window: earliest });
  };

  const follow = (life: Life) => {
    const selector = `${MANAGED_SELECTOR.split(',')[0]},sluice.dev/grant=${life.grant.id}`;
    for (const namespace of new Set(life.grant.halves.map((half) => half.namespace))) {
      const watch = (collection: typeof JOBS | typeof POLICIES, on: typeof onPolicy) =>
        deps.api
          .follow(
            { ...collection, namespace },
            selector,
            (event) => on(life, namespace, event),
            life.stop.signal,
          )
          .catch((error: unknown) => {
            if (!isAbort(error) && !life.stop.signal.aborted)
              drift(life, [`its objects can't be watched: ${asSluiceError(error).message}`]);
          });
      void watch(POLICIES, onPolicy);
      void watch(JOBS, onLease);
    }
  };

  const start = ({ grant, sent }: MadeGrant, path: GrantPath) => {
    const windows = windowsOf(grant, sent);
    const life: Life = {
      grant,
      path,
      sent,
      windows,
      over: Promise.withResolvers(),
      stop: new AbortController(),
    };
    lives.set(grant.id, life);
    onChange();
    follow(life);
    const quietly = (work: Promise<void>) =>
      work.catch((error: unknown) => {
        if (!isAbort(error) && !life.stop.signal.aborted && !(error instanceof AggregateError)) {
          set(life, { drift: [...life.grant.drift, asSluiceError(error).message] });
        }
      });
    void quietly(countDown(life));
    void settleClock(deps, grant, life.stop.signal).catch(() => undefined);
    if (grant.state.name === 'applied') void quietly(watchOpen(life, grant.state.at));
    return life;
  };

  return {
    grants: () => [...lives.values()].map(({ grant }) => grant).reverse(),
    make: async (plan, request, path, onStep, signal) => {
      const made = await keep(
        makeGrant(deps, plan, request, onStep, AbortSignal.any([signal, leaving.signal])),
      );
      return start(made, path).grant;
    },
    revoke: async (ids) => {
      await Promise.all(ids.map((id) => end(get(id), 'revoke')));
    },
    extend: async (id, seconds) => {
      const life = get(id);
      const longer = await extendGrant(deps, life.grant, seconds, AbortSignal.timeout(END_WITHIN));
      set(life, { window: longer.window });
      return life.grant;
    },
    forget: (id) => {
      const life = lives.get(id);
      life?.stop.abort();
      lives.delete(id);
      onChange();
    },
    ended: (id) => get(id).over.promise,
    dispose: async () => {
      leaving.abort();
      for (const { stop } of lives.values()) stop.abort();
      await Promise.allSettled(pending);
    },
  };
}

/** The window of each lease by its UID, as sent: somebody may extend them one by one, and the earliest end counts. */
function windowsOf(grant: Grant, sent: ReadonlyMap<string, ApiObject>): Map<string, GrantWindow> {
  const windows = new Map<string, GrantWindow>();
  for (const { namespace, lease } of grant.halves) {
    const job = lease === undefined ? undefined : sent.get(`Job/${namespace}/${lease.name}`);
    const window = job === undefined ? undefined : windowOf(job);
    if (lease !== undefined && window !== undefined) windows.set(lease.uid, window);
  }
  return windows;
}

async function recordEnd(deps: GrantDeps, grant: Grant, by: EndedBy, at: number): Promise<void> {
  const late = at - (grant.window?.end ?? at);
  const outcome: Readonly<Record<EndedBy, string>> = {
    revoke: `revoked by ${deps.identity.username}`,
    deadline: `ended ${Math.max(0, late / 1_000).toFixed(2)} s after the window`,
    lease: 'ended by the cluster at the deadline',
    other: 'removed by somebody else before its deadline',
  };
  await record(
    deps,
    by === 'revoke' || by === 'other' ? 'revoked' : 'expired',
    grant,
    outcome[by],
    objectsOf(grant),
  ).catch(() => undefined);
}
