import { status } from '@grpc/grpc-js';
import { pause } from '../../wait.ts';
import { observerService } from '../wire/wire.ts';
import type { Intake } from './intake.ts';
import type { Link } from './open-link.ts';
import { call, isServiceError } from './rpc.ts';
import type { Timing } from './timing.ts';

/** Consecutive failures of the liveness call after which the server counts as dead. */
const DEAD = 2;

/** Why the server needs no more watching. */
export type Watched = 'dead' | 'stale' | 'stalled' | 'over';

/**
 * Polls the list of nodes, because nodes that join during a stream are not announced (HUB-6); this also checks that the
 * server is alive. Where the stream stayed silent since the last poll, `peek` tells whether there was something to send
 * (HUB-42).
 */
export async function watchServer(
  link: Link,
  intake: Intake,
  timing: Timing,
  peek: () => Promise<number | 'none' | 'silent' | undefined>,
  signal: AbortSignal,
): Promise<Watched> {
  const { GetNodes, ServerStatus } = observerService();
  let isRelay = true;
  let taken = -1;
  let known: number | undefined;
  const isQuiet = () => intake.taken === taken && intake.slow() === undefined;
  for (let failures = 0; failures < DEAD; ) {
    try {
      if (isRelay) {
        const { nodes = [] } = await call(link.client, GetNodes, {}, timing.call, signal);
        intake.nodes.list(nodes);
      } else {
        await call(link.client, ServerStatus, {}, timing.call, signal);
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return 'over';
      if (isServiceError(error) && error.code === status.UNIMPLEMENTED) isRelay = false;
      else failures += 1;
    }
    intake.stir();
    if (intake.nodes.isStreamStale()) return 'stale';
    if (!isQuiet()) {
      taken = intake.taken;
      known = intake.latestFlow;
    } else if (failures === 0) {
      const newest = await peek();
      const isBehind = newest === 'silent' || (typeof newest === 'number' && newest > (known ?? newest));
      if (isBehind) {
        await pause(timing.call, signal).catch(() => undefined);
        if (isQuiet() && !signal.aborted) return 'stalled';
      }
      if (typeof newest === 'number') known ??= newest;
    }
    await pause(timing.look, signal).catch(() => undefined);
    if (signal.aborted) return 'over';
  }
  return 'dead';
}
