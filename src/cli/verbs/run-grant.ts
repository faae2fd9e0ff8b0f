import { SluiceError } from '../../core/common/common.ts';
import { type Grant, type GrantPlan, type GrantRequest, setByOther } from '../../core/grants/grants.ts';
import { nameOfEnd } from '../../core/policy/path/path.ts';
import { pathText, type Runtime } from '../../session/session.ts';
import { pause } from '../../wait.ts';
import type { LineEvent } from './line-events.ts';

/** Follows one grant of a runtime in line mode. */
export type GrantFollower = {
  /** Call this whenever grants change. */
  readonly changed: () => void;
  /** Plans, makes and follows the grant until it has ended and been verified closed. */
  readonly run: (
    request: GrantRequest,
    options: {
      readonly wait: boolean;
      /** Throws for a plan that is not to be made. */
      readonly confirm?: (plan: Extract<GrantPlan, { ok: true }>) => void;
      readonly signal: AbortSignal;
    },
  ) => Promise<Grant>;
  /** Follows a grant that the keeper keeps until it has ended; when `signal` aborts, revokes it. */
  readonly follow: (made: Grant, signal: AbortSignal) => Promise<Grant>;
};

/** Seconds left at which a countdown is printed. */
const TELL_AT: readonly number[] = [3_600, 1_800, 900, 300, 60, 30, 10, 5];

/**
 * Runs a grant in line mode, emitting each step as an event.
 *
 * @throws SluiceError `refused`, with the plan's message, when the grant can't be planned
 */
export function followGrant(runtime: () => Runtime, emit: (event: LineEvent) => void): GrantFollower {
  let told: Grant | undefined;
  let drift = 0;

  const now = () => runtime().connection.api.clock.now();

  const changed = () => {
    if (told === undefined) return;
    const grant = runtime()
      .keeper.grants()
      .find(({ id }) => id === told?.id);
    if (grant === undefined) return;
    for (const what of grant.drift.slice(drift)) emit({ event: 'drift', time: now(), grant, what });
    drift = grant.drift.length;
    const by = setByOther(grant);
    if (by !== undefined && grant.window?.end !== told.window?.end)
      emit({ event: 'extended', time: now(), grant, by });
    if (grant.state.name !== told.state.name) tell(grant);
    told = grant;
  };

  const tell = (grant: Grant) => {
    const { state } = grant;
    switch (state.name) {
      case 'open':
        emit({ event: 'open', time: state.at, grant, after: state.after, how: state.how });
        return;
      case 'revoked':
        emit({
          event: 'revoked',
          time: state.at,
          grant,
          by: state.by,
          late: Math.max(0, state.at - (grant.window?.end ?? state.at)),
        });
        return;
      case 'closed':
        emit({ event: 'closed', time: state.at, grant, state: 'closed', proof: state.proof, unproven: [] });
        return;
      case 'unproven':
        emit({
          event: 'closed',
          time: state.at,
          grant,
          state: 'unproven',
          proof: `policy gone; ${state.proof}`,
          unproven: state.pairs,
        });
        return;
      case 'flowing':
        emit({
          event: 'closed',
          time: state.at,
          grant,
          state: 'flowing',
          proof: state.connections,
          unproven: [],
        });
        return;
      case 'failed':
        emit({ event: 'failed', time: state.at, grant, message: state.message });
        return;
      case 'leasing':
      case 'applied':
      case 'revoking':
        return;
    }
  };

  const countDown = async (id: string, signal: AbortSignal) => {
    for (const seconds of TELL_AT) {
      const grant = runtime()
        .keeper.grants()
        .find((candidate) => candidate.id === id);
      if (grant?.window === undefined) return;
      const wait = grant.window.end - seconds * 1_000 - now();
      if (wait < 0 || seconds >= grant.window.seconds) continue;
      await pause(wait, signal);
      const current = runtime()
        .keeper.grants()
        .find((candidate) => candidate.id === id);
      if (current?.window === undefined || !['applied', 'open'].includes(current.state.name)) return;
      emit({ event: 'countdown', time: now(), grant: current, left: current.window.end - now() });
    }
  };

  const begin = (made: Grant) => {
    told = { ...made, state: { name: 'applied', at: now() } };
    changed();
  };

  const watch = async (made: Grant, signal: AbortSignal) => {
    const counting = new AbortController();
    const ended = runtime().keeper.ended(made.id);
    void countDown(made.id, AbortSignal.any([signal, counting.signal])).catch(() => undefined);
    try {
      return await untilAborted(ended, signal, now, async () => {
        const { keeper } = runtime();
        await keeper.revoke([made.id]);
        return keeper.grants().find(({ id }) => id === made.id);
      });
    } finally {
      counting.abort();
      changed();
    }
  };

  return {
    changed,
    run: async (request, { wait, confirm, signal }) => {
      const plan = await runtime().plan(request, signal);
      if (plan.before !== undefined)
        emit({ event: 'verdict', time: now(), path: requestPath(request), verdict: plan.before });
      if (!plan.ok) {
        await runtime().refused(request, plan);
        throw new SluiceError('refused', plan.message, plan.hint);
      }
      confirm?.(plan);
      emit({ event: 'intent', time: now(), plan });
      const made = await runtime().grant(
        plan,
        request,
        (step, grant) => {
          if (step === 'policy') emit({ event: 'leased', time: now(), grant });
        },
        signal,
      );
      emit({ event: 'granted', time: now(), grant: made });
      begin(made);
      return wait ? watch(made, signal) : made;
    },
    follow: (made, signal) => {
      begin(made);
      return watch(made, signal);
    },
  };
}

/**
 * Waits for the end of the grant; when `signal` aborts, revokes it at once and waits for that, bounded.
 *
 * @throws the signal's reason; SluiceError `left-open` when the grant could not be revoked
 */
async function untilAborted(
  ended: Promise<Grant>,
  signal: AbortSignal,
  now: () => number,
  revoke: () => Promise<Grant | undefined>,
): Promise<Grant> {
  const aborted = Promise.withResolvers<'aborted'>();
  const onAbort = () => aborted.resolve('aborted');
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const first = await Promise.race([ended, aborted.promise]);
  signal.removeEventListener('abort', onAbort);
  if (first !== 'aborted') return first;
  const left = await revoke();
  if (left?.state.name === 'failed') throw leftOpen([left], now());
  throw signal.reason;
}

/**
 * The error for grants that could not be revoked on exit: when their leases end them, or should have ended them by `now`.
 */
export function leftOpen(grants: readonly Grant[], now: number): SluiceError {
  const isOver = ({ window }: Grant) => window !== undefined && window.end <= now;
  const each = grants.map((grant) => {
    const { id, state, window } = grant;
    const end = window === undefined ? '' : new Date(window.end).toISOString();
    const when = end === '' ? '' : isOver(grant) ? `, whose window ended at ${end}` : ` until ${end}`;
    return `${id}${when}${state.name === 'failed' ? ` (${state.message.replace(/\.$/, '')})` : ''}`;
  });
  return grants.every(isOver)
    ? new SluiceError(
        'left-open',
        `Not known to be closed: ${each.join('; ')}.`,
        'Their leases should have ended them: check with sluice grants once the cluster answers.',
      )
    : new SluiceError(
        'left-open',
        `Still open: ${each.join('; ')}.`,
        'Their leases will end them; to end them now, run sluice revoke with their ids.',
      );
}

function requestPath({ source, destination, ports }: GrantRequest): string {
  return pathText({ source: nameOfEnd(source), destination: nameOfEnd(destination), ports });
}
