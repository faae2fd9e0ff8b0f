import { DEFAULT_LIMITS, isAbort, type Limits, SluiceError } from '../../core/common/common.ts';
import type { NamedEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import { missingNamespace } from '../../core/policy/path/path.ts';
import { type Connection, type Runtime, type RuntimeListener, startRuntime } from '../../session/session.ts';
import { pause } from '../../wait.ts';
import { systemClock, VERSION } from '../shared/shared.ts';

/** How long the initial lists may take before a verb gives up. */
const READY_WITHIN = 30_000;

export type RuntimeWork = {
  readonly traffic: boolean;
  readonly enforcer?: NamedEnforcer;
  readonly listener?: RuntimeListener;
  /** A namespace given by name, which must exist. */
  readonly asked?: string;
  /** Limits the probe to one namespace. */
  readonly view?: string;
  readonly signal: AbortSignal;
  /** Returns a promise while flows can't be taken (see `TrafficSink`). */
  readonly slow?: () => Promise<void> | undefined;
  /** Whether the work depends on lists and flows, so that a permanent failure of either ends it. */
  readonly streams?: boolean;
  /** Called with a permanent failure while the work continues without that part. */
  readonly onProblem?: (error: SluiceError) => void;
  /** Limits on grants; verbs that grant nothing use the defaults. */
  readonly limits?: Limits;
};

/**
 * Runs a verb's work once the cluster's contents are listed, and closes everything afterward. The signal passed to the
 * work aborts when it should stop.
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
    const problem = options.asked === undefined ? undefined : namespaceProblem(runtime.model, options.asked);
    if (problem !== undefined) throw problem;
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

/** A verdict based on a partial cluster may be wrong, so none is given (ENF-5). */
function unlisted(feeds: readonly string[], reasons: ReadonlyMap<string, string>): SluiceError {
  const why = feeds.flatMap((feed) => reasons.get(feed) ?? []).at(0);
  return new SluiceError(
    'unreachable',
    `Timed out after ${READY_WITHIN / 1_000}s waiting for the cluster to list ${feeds.join(', ')}${why === undefined ? '' : `: ${why}`}.`,
    'Try again; --debug shows the API calls.',
  );
}

function namespaceProblem(model: Runtime['model'], name: string): SluiceError | undefined {
  return missingNamespace(
    name,
    Array.from(model.namespaces(), (known) => known.name),
  );
}

/**
 * Without pods, nothing can be found or judged, and every name would seem mistyped.
 *
 * @throws SluiceError `forbidden`
 */
export function needPods({ unreadable, confinedTo, identity }: Runtime): void {
  if (!unreadable().includes('pods')) return;
  const only = confinedTo();
  const where = only === undefined ? '' : ` in namespace ${only}`;
  throw new SluiceError(
    'forbidden',
    `${identity.username} cannot list pods${where}, so no end can be found.`,
    `Request permission to list and watch pods${where}: the role sluice-viewer of sluice manifests rbac has it.`,
  );
}
