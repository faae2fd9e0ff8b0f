import type { TrafficSource } from '../../core/ports/ports.ts';
import type { HubbleTls } from './credentials.ts';
import type { JsonResponse } from './json-flow.ts';
import type { HubblePlace } from './open-link.ts';
import { talk } from './reconnect.ts';
import { TIMING, type Timing } from './timing.ts';

export type HubbleOptions = HubblePlace & {
  readonly tls?: HubbleTls;
  /** Only flows with an end in one of these. */
  readonly namespaces?: readonly string[];
  /** Also flows since this time, ms since the epoch, as far as the servers' buffers reach. */
  readonly since?: number;
  /** Also this many past flows (per node, through Relay). */
  readonly last?: number;
  /** Only this many of the oldest past flows (per node, through Relay). */
  readonly first?: number;
  /** False: only past flows; `run` resolves when they have arrived. */
  readonly follow?: boolean;
  /** Called with every response as JSON; the server then omits no flows or fields. */
  readonly onRaw?: (response: JsonResponse) => void;
  readonly timing?: Partial<Timing>;
};

/**
 * Flows from a Hubble server, Relay or a single agent. Reconnects indefinitely; a mistake that a retry can't fix (TLS,
 * not a Hubble server) rejects on the first connection.
 */
export function createHubbleSource(options: HubbleOptions): TrafficSource {
  const { tls = false, namespaces = [], since, last, first, follow = true, onRaw, timing } = options;
  const isAsked = [since, last, first].some((limit) => limit !== undefined);
  const history = isAsked || !follow ? { history: { since, last, first } } : {};
  return {
    name: 'hubble',
    run: (_context, sink, signal) =>
      talk(
        {
          place: options,
          tls,
          errand: { wanted: { namespaces, everything: onRaw !== undefined }, follow, ...history },
          timing: { ...TIMING, ...timing },
          ...(onRaw === undefined ? {} : { onRaw }),
        },
        sink,
        signal,
      ),
  };
}
