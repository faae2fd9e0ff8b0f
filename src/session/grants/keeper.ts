import type { Grant, GrantRequest } from '../../core/access/grant.ts';
import { type Surroundings, surroundingsOf } from '../../core/access/standing/surroundings.ts';
import { asSluiceError, isAbort, SluiceError } from '../../core/errors.ts';
import type { Engine } from '../../core/policy/decide/engine.ts';
import type { PairChange } from '../../core/policy/model/verdict.ts';
import { parseNetworkPolicy } from '../../core/policy/network-policy/parse.ts';
import { createEnding } from './keep/ending.ts';
import { beginLife, type Keeping, type Life, note } from './keep/life.ts';
import { watchSurroundings } from './keep/surroundings.ts';
import { watchObjects } from './keep/watching.ts';
import { pathOf } from './path.ts';
import type { EvidenceDeps } from './proof/evidence.ts';
import { proveOpen } from './proof/prove-open.ts';
import type { GrantDeps } from './record.ts';
import { settleClock } from './settle-clock.ts';
import { extendGrant } from './steps/extend-grant.ts';
import { type GoodPlan, type GrantStep, type MadeGrant, makeGrant } from './steps/make-grant.ts';

/** Grants made by this process: counts them down, ends them at the deadline, watches for drift. */
export type GrantKeeper = {
  /** Newest first; ended ones stay until `forget`. */
  readonly grants: () => readonly Grant[];
  readonly make: (
    plan: GoodPlan,
    request: GrantRequest,
    onStep: (step: GrantStep, grant: Grant) => void,
    signal: AbortSignal,
  ) => Promise<Grant>;
  /** Ends grants now; resolves when the server says that each is gone, or that it can't be. */
  readonly revoke: (ids: readonly string[]) => Promise<void>;
  readonly extend: (id: string, seconds: number) => Promise<Grant>;
  readonly forget: (id: string) => void;
  /** Resolves when the grant has ended and its end was judged. */
  readonly ended: (id: string) => Promise<Grant>;
  /** To be told whenever pods, policies or namespaces changed: what grants stand on is looked at again. */
  readonly clusterChanged: () => void;
  /** Stops watching, and lets what is being ended or written come to its end; leases go on by themselves. */
  readonly dispose: () => Promise<void>;
};

/** How long an extension may take altogether. */
const EXTEND_WITHIN = 15_000;

/**
 * Keeps the grants of one connection, from their proof to their end (GRANT-11, GRANT-13, GRANT-14).
 *
 * @param onChange called after every change of any grant
 */
export function createKeeper(
  deps: GrantDeps,
  engine: Engine,
  evidence: EvidenceDeps,
  onChange: () => void,
): GrantKeeper {
  const lives = new Map<string, Life>();
  const pending = new Set<Promise<unknown>>();
  /** Aborts grants that are being made, which then roll back. */
  const leaving = new AbortController();
  const keeping: Keeping = {
    deps,
    engine,
    evidence,
    set: (life, change) => {
      life.grant = { ...life.grant, ...change };
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
  const ending = createEnding(keeping);
  const surroundings = watchSurroundings(keeping, () => lives.values());

  const get = (id: string): Life => {
    const life = lives.get(id);
    if (life === undefined)
      throw new SluiceError('not-found', `No grant ${id} was made here.`, 'See sluice grants.');
    return life;
  };

  const watchOpen = async (life: Life, since: number) => {
    const path = pathOf(engine.model, life.opened);
    const opened = await proveOpen(evidence, path, since, life.stop.signal);
    if (life.grant.state.name !== 'applied') return;
    const at = opened.at ?? deps.api.clock.now();
    keeping.set(life, { state: { name: 'open', at, after: Math.max(0, at - since), how: opened.how } });
  };

  /** Work that stops with the life; what else goes wrong in it is shown. */
  const quietly = (life: Life, work: Promise<void>) =>
    work.catch((error: unknown) => {
      if (!isAbort(error) && !life.stop.signal.aborted && !(error instanceof AggregateError))
        note(keeping, life, [asSluiceError(error).message]);
    });

  const start = (made: MadeGrant, before: Surroundings, opened: readonly PairChange[]) => {
    const { grant } = made;
    const life = beginLife(made, before, opened);
    lives.set(grant.id, life);
    onChange();
    watchObjects(keeping, life, ending);
    void quietly(life, ending.atDeadline(life));
    void settleClock(deps, grant, life.stop.signal).catch(() => undefined);
    if (grant.state.name === 'applied') void quietly(life, watchOpen(life, grant.state.at));
    return life;
  };

  return {
    grants: () => [...lives.values()].map(({ grant }) => grant).reverse(),
    make: async (plan, request, onStep, signal) => {
      const before = surroundingsOf(
        engine,
        plan.halves.map(({ policy }) => parseNetworkPolicy(policy)),
      );
      const made = await keeping.keep(
        makeGrant(deps, plan, request, onStep, AbortSignal.any([signal, leaving.signal])),
      );
      return start(made, before, plan.opens).grant;
    },
    revoke: async (ids) => {
      await Promise.all(ids.map((id) => ending.end(get(id), 'revoke')));
    },
    extend: async (id, seconds) => {
      const life = get(id);
      const work = extendGrant(deps, life.grant, seconds, AbortSignal.timeout(EXTEND_WITHIN));
      const { window } = await keeping.keep(work);
      if (window !== undefined) keeping.set(life, { window });
      return life.grant;
    },
    forget: (id) => {
      const life = lives.get(id);
      life?.stop.abort();
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
