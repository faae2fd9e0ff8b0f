import { DEFAULT_LIMITS, isAbort, type Limits, SluiceError } from '../../core/common/common.ts';
import type { NamedEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import { type Connection, type Runtime, type RuntimeListener, startRuntime } from '../../session/session.ts';
import { pause } from '../../wait.ts';
import { systemClock, VERSION } from '../shared/shared.ts';

/** How long the lists may take before a verb goes on with what it has. */
const READY_WITHIN = 30_000;

export type RuntimeWork = {
  readonly traffic: boolean;
  readonly enforcer?: NamedEnforcer;
  readonly listener?: RuntimeListener;
  /** Restricts what the probe looks into. */
  readonly view?: string;
  readonly signal: AbortSignal;
  /** Gives a promise while flows can't be taken (see `TrafficSink`). */
  readonly slow?: () => Promise<void> | undefined;
  /** Whether the work is nothing without lists and flows: then what breaks them for good ends it. */
  readonly streams?: boolean;
  /** Told what breaks for good during work that goes on without it. */
  readonly onProblem?: (error: SluiceError) => void;
  /** What may be granted; the defaults for verbs that grant nothing. */
  readonly limits?: Limits;
};

/**
 * Runs a verb's work over a connection whose contents are listed, and closes everything after it. The signal that the
 * work gets aborts when it is to end.
 */
export async function withRuntime<T>(
  connection: Connection,
  options: RuntimeWork,
  work: (runtime: Runtime, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, traffic, enforcer, listener = {} } = options;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  let isListed = false;
  const reasons = new Map<string, string>();
  const runtime = await startRuntime(
    connection,
    {
      namespace: connection.namespace,
      enforcer,
      clock: systemClock,
      version: VERSION,
      limits: options.limits ?? DEFAULT_LIMITS,
      traffic,
      slow: options.slow,
      ...(options.view === undefined ? {} : { view: () => options.view }),
      listener: {
        ...listener,
        feed: (feed, state) => {
          if (state.state === 'stale') reasons.set(feed, state.reason);
          listener.feed?.(feed, state);
        },
        problem: (error, part) => {
          listener.problem?.(error, part);
          broken.reject(error);
          if (isListed) options.onProblem?.(error);
        },
      },
    },
    signal,
  ).catch(async (error: unknown) => {
    await connection.dispose();
    throw error;
  });
  const late = new AbortController();
  try {
    await Promise.race([
      runtime.ready,
      broken.promise,
      pause(READY_WITHIN, AbortSignal.any([signal, late.signal])).catch((error: unknown) => {
        if (!isAbort(error) || signal.aborted) throw error;
      }),
    ]);
    late.abort();
    const never = runtime.unlisted();
    if (never.length > 0) throw unlisted(never, reasons);
    isListed = true;
    const over = new AbortController();
    const working = work(runtime, AbortSignal.any([signal, over.signal]));
    if (options.streams !== true) return await working;
    return await Promise.race([working, broken.promise]).catch(async (error: unknown) => {
      over.abort(error);
      await working.catch(() => undefined);
      throw error;
    });
  } finally {
    late.abort();
    await runtime.dispose();
  }
}

/** A verdict from half a cluster may be wrong, so there is none (ENF-5). */
function unlisted(feeds: readonly string[], reasons: ReadonlyMap<string, string>): SluiceError {
  const why = feeds.flatMap((feed) => reasons.get(feed) ?? []).at(0);
  return new SluiceError(
    'unreachable',
    `The cluster has not listed ${feeds.join(', ')} within ${READY_WITHIN / 1_000} s${why === undefined ? '' : `: ${why}`}.`,
    'Try again; --debug shows the calls.',
  );
}
