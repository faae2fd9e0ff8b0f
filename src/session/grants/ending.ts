import { asSluiceError, isAbort } from '../../core/common/common.ts';
import type { EndedBy, Grant, GrantState } from '../../core/grants/grants.ts';
import type { Clock, ClusterApi } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import { removeLeases, removePolicies } from './end-grant.ts';
import { policyRef } from './find-grants.ts';
import { type Keeping, type Life, note, recordOrNote } from './life.ts';
import { pathOf } from './path.ts';
import { type Ended, proveClosed } from './prove-closed.ts';
import { objectsOf } from './record.ts';
import { until } from './wait.ts';

/** How long ending a grant may take altogether before it is reported as failed. */
const END_WITHIN = 15_000;

/** A failed end is tried again after this long, until it is done or the app ends. */
const RETRY_AFTER = 3_000;

/** The intent to end at the deadline is written this long before it, so that the log never delays the end. */
const ANNOUNCE = 1_000;

/** How long the log may hold up an end that was not foreseen, and one at its deadline. */
const WRITE_WITHIN = 2_000;
const WRITE_AT_DEADLINE = 100;

/** Ends grants, once each. */
export type Ending = {
  /** Ends a grant now; resolves when the server says that it is gone, or that it can't be. Never rejects. */
  readonly end: (life: Life, by: EndedBy) => Promise<void>;
  /** Ends a grant at its deadline; rejects when the life is stopped before. */
  readonly atDeadline: (life: Life) => Promise<void>;
};

/** Ends grants (GRANT-11, GRANT-13): intent, policies, leases, outcome, proof. A failed end is tried again. */
export function createEnding(keeping: Keeping): Ending {
  const { deps, set, keep } = keeping;

  const end = (life: Life, by: EndedBy): Promise<void> => {
    life.ending ??= keep(endNow(life, by)).finally(() => {
      if (life.grant.state.name === 'failed') life.ending = undefined;
    });
    return life.ending;
  };

  const endNow = async (life: Life, by: EndedBy) => {
    if (life.grant.state.name !== 'failed')
      set(life, { state: { name: 'revoking', at: deps.api.clock.now() } });
    const { auditIds } = life;
    await announced(life, by);
    const signal = AbortSignal.timeout(END_WITHIN);
    const { left, deleted } = await removePolicies(deps, life.grant, signal, auditIds);
    const at = deps.api.clock.now();
    if (left.length > 0) return failed(life, by, left, at);
    const ended = deleted > 0 ? by : endedElsewhere(life.grant, by, at);
    set(life, { state: { name: 'revoked', at, by: ended } });
    note(keeping, life, await removeLeases(deps, life.grant, signal, auditIds));
    const type = ended === 'revoke' || ended === 'other' ? 'revoked' : 'expired';
    await recordOrNote(
      keeping,
      life,
      type,
      outcome(deps.identity.username, life.grant, ended, at),
      objectsOf(life.grant, auditIds),
    );
    void keep(judge(life, ended, at));
  };

  /** Says what is about to be done, once for each who does it. */
  const announce = (life: Life, by: EndedBy): Promise<void> => {
    if (life.announced?.by !== by) {
      const written = keep(
        recordOrNote(keeping, life, 'intent', intent(by), objectsOf(life.grant, life.auditIds)),
      );
      life.announced = { by, written };
    }
    return life.announced.written;
  };

  /** The end waits for the log, but never for long: closing must always be possible. */
  const announced = async (life: Life, by: EndedBy) => {
    const late = new AbortController();
    const patience = by === 'deadline' ? WRITE_AT_DEADLINE : WRITE_WITHIN;
    await Promise.race([announce(life, by), pause(patience, late.signal).catch(() => undefined)]);
    late.abort();
  };

  const failed = async (life: Life, by: EndedBy, left: readonly string[], at: number) => {
    const message = `Not revoked: ${left.join('; ')}.`;
    const hint = 'It is tried again by itself; the lease is the backstop.';
    const { state: before } = life.grant;
    set(life, { state: { name: 'failed', at, message, hint } });
    if (before.name !== 'failed' || before.message !== message)
      await recordOrNote(keeping, life, 'failed', message);
    pause(RETRY_AFTER, life.stop.signal).then(
      () => end(life, by),
      () => undefined,
    );
  };

  const judge = async (life: Life, by: EndedBy, since: number) => {
    try {
      const judged = await proveClosed(
        keeping.evidence,
        pathOf(keeping.engine.model, life.opened),
        since,
        life.stop.signal,
      );
      const state: GrantState = { ...judged, at: deps.api.clock.now(), by };
      set(life, { state });
      await recordOrNote(keeping, life, 'closed', endText(judged), {});
    } catch (error) {
      if (!isAbort(error) && !life.stop.signal.aborted) note(keeping, life, told(error));
    } finally {
      life.over.resolve(life.grant);
      life.stop.abort();
    }
  };

  return {
    end,
    atDeadline: async (life) => {
      const { signal } = life.stop;
      const window = () => life.grant.window?.end ?? 0;
      const { now, settled } = mindClock(deps, life.grant);
      while (window() > now()) {
        await until(() => window() - ANNOUNCE, now, signal);
        const deadline = window();
        void announce(life, 'deadline');
        await until(() => Math.min(window(), deadline), now, signal);
        await settled();
        // Extended while its end was near, or the clock was wrong: what was announced is off.
        if (window() > now()) delete life.announced;
      }
      await end(life, 'deadline');
    },
  };
}

/** The policies were gone already: the lease did it, or somebody did before the deadline. */
function endedElsewhere({ window }: Grant, by: EndedBy, at: number): EndedBy {
  if (by === 'lease' || by === 'other') return by;
  return window !== undefined && at >= window.end ? 'lease' : 'other';
}

function intent(by: EndedBy): string {
  switch (by) {
    case 'revoke':
      return 'about to revoke';
    case 'deadline':
      return 'about to end at the deadline';
    case 'lease':
    case 'other':
      return 'about to remove what is left';
  }
}

function outcome(user: string, { window }: Grant, by: EndedBy, at: number): string {
  switch (by) {
    case 'revoke':
      return `revoked by ${user}`;
    case 'deadline':
      return `ended ${(Math.max(0, at - (window?.end ?? at)) / 1_000).toFixed(2)} s after the window`;
    case 'lease':
      return 'ended by the cluster at the deadline';
    case 'other':
      return 'removed by somebody else before its deadline';
  }
}

function endText(judged: Ended): string {
  switch (judged.name) {
    case 'closed':
      return `closed: ${judged.proof}`;
    case 'unproven':
      return `policy gone, not proven closed: ${judged.proof}`;
    case 'flowing':
      return `still flowing: ${judged.connections}`;
  }
}

function told(error: unknown): readonly string[] {
  return [asSluiceError(error).message];
}

/** The server's time, with an eye on the local clock that it is reckoned from. */
export type MindedClock = {
  readonly now: () => number;
  /** Resolves when the server was asked again, if the local clock was set; soon in any case. */
  readonly settled: () => Promise<void>;
};

/** The local clock and the monotonic one may part by this much before the former was set, or the machine slept, ms. */
const APART = 2_000;

/** How long to wait for the server's word; a grant is rather ended too early than not. */
const ASK_WITHIN = 2_000;

/**
 * Reckons the server's time from the local clock, which somebody may set, and which jumps when the machine sleeps.
 * Whenever it parts from the monotonic clock the server is asked anew: any answer tells its time.
 */
export function mindClock(
  { api, clock }: { readonly api: Pick<ClusterApi, 'clock' | 'read'>; readonly clock: Clock },
  { halves }: Pick<Grant, 'halves'>,
): MindedClock {
  const [half] = halves;
  const difference = () => clock.now() - clock.monotonic();
  let known = difference();
  let asking: Promise<void> | undefined;
  const ask = async () => {
    if (half?.policy === undefined) return;
    const signal = AbortSignal.timeout(ASK_WITHIN);
    await api.read(policyRef(half.namespace, half.policy.name), signal).catch(() => undefined);
  };
  return {
    now: () => {
      const is = difference();
      if (Math.abs(is - known) > APART) {
        known = is;
        asking = ask();
      }
      return api.clock.now();
    },
    settled: async () => asking,
  };
}
