import { asSluiceError, isAbort } from '../../core/common/common.ts';
import { type EndedBy, type Grant, type GrantState, usageText } from '../../core/grants/grants.ts';
import type { Clock, ClusterApi } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import { isUnknown, removeLeases, removePolicies } from './end-grant.ts';
import { policyRef } from './find-grants.ts';
import { type KeeperContext, type KeptGrant, note, recordOrNote } from './kept-grant.ts';
import { pathOf } from './path.ts';
import { type CloseResult, proveClosed } from './prove-closed.ts';
import { objectsOf } from './record.ts';
import { until } from './wait.ts';

/** How long ending a grant may take in total before it is reported as failed, ms. */
const END_WITHIN = 15_000;

/** A failed end is retried after this long, until it succeeds or the app exits, ms. */
const RETRY_AFTER = 3_000;

/** The intent to end at the deadline is logged this long before it, so that the log never delays the end, ms. */
const ANNOUNCE = 1_000;

/** How long the log may delay an unplanned end, and one at the deadline, ms. */
const WRITE_WITHIN = 2_000;
const WRITE_AT_DEADLINE = 100;

/** Ends grants, once each. */
export type GrantEnder = {
  /** Ends a grant now; resolves when the server confirms that it is gone, or refuses. Never rejects. */
  readonly end: (kept: KeptGrant, by: EndedBy) => Promise<void>;
  /** Ends a grant at its deadline; rejects if the grant is no longer kept. */
  readonly atDeadline: (kept: KeptGrant) => Promise<void>;
};

/** Ends grants (GRANT-11, GRANT-13): intent, policies, leases, outcome, proof. A failed end is retried. */
export function createGrantEnder(context: KeeperContext): GrantEnder {
  const { deps, set, keep } = context;

  const end = (kept: KeptGrant, by: EndedBy): Promise<void> => {
    kept.ending ??= keep(endNow(kept, by)).finally(() => {
      if (kept.grant.state.name === 'failed') kept.ending = undefined;
    });
    return kept.ending;
  };

  const endNow = async (kept: KeptGrant, by: EndedBy) => {
    if (kept.grant.state.name !== 'failed')
      set(kept, { state: { name: 'revoking', at: deps.api.clock.now() } });
    const { auditIds } = kept;
    await announced(kept, by);
    const signal = AbortSignal.timeout(END_WITHIN);
    const { left, deleted, halves } = await removePolicies(deps, kept.grant, signal, auditIds);
    const at = deps.api.clock.now();
    const what = isUnknown(halves) ? 'Not known to be revoked' : 'Not revoked';
    if (left.length > 0) return failed(kept, by, `${what}: ${left.join('; ')}.`, at);
    const ended = deleted > 0 ? by : endedElsewhere(kept.grant, by, at);
    const { window } = kept.grant;
    const usage = window === undefined ? undefined : kept.meter?.read(window);
    set(kept, { state: { name: 'revoked', at, by: ended }, ...(usage === undefined ? {} : { usage }) });
    const leases = await removeLeases(deps, kept.grant, signal, auditIds);
    note(
      context,
      kept,
      leases.left.map(({ why }) => why),
    );
    const type = ended === 'revoke' || ended === 'other' ? 'revoked' : 'expired';
    await recordOrNote(
      context,
      kept,
      type,
      `${outcome(deps.identity.username, kept.grant, ended, at)}; ${usageText(usage)}`,
      { ...objectsOf(kept.grant, auditIds), ...(usage === undefined ? {} : { usage }) },
    );
    void keep(judge(kept, ended, at));
  };

  /** Logs the intent, once per `by`. */
  const announce = (kept: KeptGrant, by: EndedBy): Promise<void> => {
    if (kept.announced?.by !== by) {
      const written = keep(
        recordOrNote(context, kept, 'intent', intent(by), objectsOf(kept.grant, kept.auditIds)),
      );
      kept.announced = { by, written };
    }
    return kept.announced.written;
  };

  /** The end waits for the log, but not for long: closing must always be possible. */
  const announced = async (kept: KeptGrant, by: EndedBy) => {
    const late = new AbortController();
    const patience = by === 'deadline' ? WRITE_AT_DEADLINE : WRITE_WITHIN;
    await Promise.race([announce(kept, by), pause(patience, late.signal).catch(() => undefined)]);
    late.abort();
  };

  const failed = async (kept: KeptGrant, by: EndedBy, message: string, at: number) => {
    const hint = 'sluice keeps retrying; the lease is the backstop.';
    const { state: before } = kept.grant;
    set(kept, { state: { name: 'failed', at, message, hint } });
    if (before.name !== 'failed' || before.message !== message)
      await recordOrNote(context, kept, 'failed', message);
    pause(RETRY_AFTER, kept.stop.signal).then(
      () => end(kept, by),
      () => undefined,
    );
  };

  const judge = async (kept: KeptGrant, by: EndedBy, since: number) => {
    try {
      const judged = await proveClosed(
        context.evidence,
        pathOf(context.engine.model, kept.opened),
        since,
        kept.stop.signal,
      );
      const state: GrantState = { ...judged, at: deps.api.clock.now(), by };
      set(kept, { state });
      await recordOrNote(context, kept, 'closed', endText(judged), { proof: judged.name });
    } catch (error) {
      if (!isAbort(error) && !kept.stop.signal.aborted) note(context, kept, [asSluiceError(error).message]);
    } finally {
      kept.over.resolve(kept.grant);
      kept.stop.abort();
    }
  };

  return {
    end,
    atDeadline: async (kept) => {
      const { signal } = kept.stop;
      const window = () => kept.grant.window?.end ?? 0;
      const { now, settled } = mindClock(deps, kept.grant);
      while (window() > now()) {
        await until(() => window() - ANNOUNCE, now, signal);
        const deadline = window();
        void announce(kept, 'deadline');
        await until(() => Math.min(window(), deadline), now, signal);
        await settled();
        // Extended near its end, or the clock was wrong: the announcement is void.
        if (window() > now()) delete kept.announced;
      }
      await end(kept, 'deadline');
    },
  };
}

/** The policies were already gone: removed by the lease, or by someone before the deadline. */
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
      return 'removed by someone else before its deadline';
  }
}

function endText(judged: CloseResult): string {
  switch (judged.name) {
    case 'closed':
      return `closed: ${judged.proof}`;
    case 'unproven':
      return `policy gone, not proven closed: ${judged.proof}`;
    case 'flowing':
      return `still flowing: ${judged.connections}`;
  }
}

/** The server's time, derived from the local clock, which is watched for jumps. */
export type MindedClock = {
  readonly now: () => number;
  /** Resolves when the server's time has been refreshed, if the local clock jumped; always soon. */
  readonly settled: () => Promise<void>;
};

/** If the local and the monotonic clock diverge by more than this, ms, the clock was set or the machine slept. */
const APART = 2_000;

/** How long to wait for the server's time, ms; ending a grant too early is better than not ending it. */
const ASK_WITHIN = 2_000;

/**
 * Derives the server's time from the local clock, which can be set, and which jumps when the machine sleeps. Whenever
 * it diverges from the monotonic clock, a request is sent to the server: every response carries its time.
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
