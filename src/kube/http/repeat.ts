import { delayAfter, pause } from '../../wait.ts';
import { ApiError } from '../errors.ts';
import type { Call } from './client.ts';
import type { Health } from './health.ts';
import { NetworkError } from './network-error.ts';
import type { Transport } from './transport.ts';

/** Makes an attempt, and further ones where they may help. Rejects with the error of the last. */
export type Repeat = <T>(
  call: Pick<Call, 'method' | 'repeatable' | 'signal'>,
  attempt: () => Promise<T>,
) => Promise<T>;

const TRIES = 4;
const BACK_OFF = { base: 400, cap: 5_000 };
/** Longest wait that a server may ask for, ms. */
const LONGEST_WAIT = 10_000;
/** How soon a 403 after a lost connection is asked again, ms (API-7). */
const FORBIDDEN_PAUSE = 250;

/**
 * What is tried again: a read after 429, 5xx and lost connections, with back-off and `Retry-After`; any call once
 * after a 401 that fresh credentials may cure, and after a 403 while the server is starting, as neither did anything.
 */
export function createRepeat(parts: {
  readonly transport: Pick<Transport, 'renew'>;
  readonly health: Health;
  readonly debug: (line: string) => void;
}): Repeat {
  const { transport, health, debug } = parts;
  return async (call, attempt) => {
    const repeatable = call.repeatable ?? (call.method ?? 'GET') === 'GET';
    let renewed = false;
    for (let tries = 1; ; ) {
      try {
        return await attempt();
      } catch (error) {
        call.signal?.throwIfAborted();
        if (error instanceof ApiError && error.status === 401 && !renewed && transport.renew()) {
          renewed = true;
          continue;
        }
        if (error instanceof ApiError && error.status === 403 && health.starting()) {
          await pause(FORBIDDEN_PAUSE, call.signal);
          continue;
        }
        const wait = repeatable && tries < TRIES ? waitBefore(error, tries) : undefined;
        if (wait === undefined) throw error;
        debug(`again in ${wait} ms: ${error instanceof Error ? error.message : String(error)}`);
        await pause(wait, call.signal);
        tries += 1;
      }
    }
  };
}

/** How long to wait before a read is repeated, ms; undefined when that would not help. */
function waitBefore(error: unknown, tries: number): number | undefined {
  if (error instanceof NetworkError) {
    if (error.network !== 'lost') return undefined;
    // A dead connection of the pool: the next one is new.
    return tries === 1 ? 0 : delayAfter(tries, BACK_OFF, Math.random());
  }
  if (!(error instanceof ApiError)) return undefined;
  if (error.status !== 429 && error.status < 500) return undefined;
  if (error.retryAfter !== undefined) return Math.min(error.retryAfter * 1_000, LONGEST_WAIT);
  return delayAfter(tries, BACK_OFF, Math.random());
}
