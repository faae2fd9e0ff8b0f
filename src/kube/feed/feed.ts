import type { FeedState } from '../../core/cluster/events.ts';
import type { ClusterFeed } from '../../core/ports.ts';
import { pause } from '../../wait.ts';
import type { Discovery } from '../discovery.ts';
import { ApiError } from '../errors.ts';
import type { ApiClient } from '../http/client.ts';
import type { Times } from '../list-watch/list-watch.ts';
import { streamsLists, type VersionSource } from '../version.ts';
import { FEED_KINDS, type FeedKind, type FeedRun } from './feed-kinds.ts';
import { loneNamespace } from './lone-namespace.ts';

type Options = Parameters<ClusterFeed['run']>[0];

export type FeedParts = {
  readonly client: ApiClient;
  readonly discovery: Discovery;
  readonly version: VersionSource;
  /** The namespace of the context. */
  readonly namespace: string;
  readonly times?: Partial<FeedTimes>;
};

/** ms; `retry` is how often a kind that is denied or absent is asked for again. */
export type FeedTimes = Times & { readonly retry: number };

const RETRY = 60_000;

/** Lists and watches every kind; see `ClusterFeed`. Each kind degrades by itself. */
export function createFeed(parts: FeedParts): ClusterFeed {
  return {
    run: async (options, signal) => {
      const version = await parts.version.get(signal).catch(() => undefined);
      const streaming = version !== undefined && streamsLists(version);
      const feeds = FEED_KINDS.map((kind) => keep(parts, kind, streaming, options, signal));
      await Promise.all(feeds).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  };
}

async function keep(
  parts: FeedParts,
  kind: FeedKind,
  streaming: boolean,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const { client, discovery, times } = parts;
  const namespace = options.namespace ?? parts.namespace;
  const tell = once((state) => options.onState(kind.feed, state));
  tell({ state: 'connecting' });
  const run: FeedRun = {
    client,
    streaming,
    onEvents: options.onEvents,
    onState: tell,
    times,
  };
  while (!signal.aborted) {
    try {
      if (kind.optional && (await discovery.has(kind.resource, signal).catch(() => 'unknown')) === 'no') {
        settle({ state: 'absent' });
      } else {
        await everywhereOrHere();
      }
    } catch (error) {
      if (signal.aborted) return;
      await degrade(error);
    }
    await pause(times?.retry ?? RETRY, signal).catch(() => undefined);
  }

  async function everywhereOrHere(): Promise<void> {
    const pods = kind.feed === 'pods';
    try {
      const onEvents: FeedRun['onEvents'] = (events) => {
        if (pods && events.some((event) => event.type === 'reset')) options.onScope(undefined);
        options.onEvents(events);
      };
      return await kind.run({ ...run, onEvents }, undefined, signal);
    } catch (error) {
      if (!kind.namespaced || !isStatus(error, 403)) throw error;
    }
    if (pods) options.onScope(namespace);
    await kind.run(run, namespace, signal);
  }

  async function degrade(error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    if (isStatus(error, 404)) return settle({ state: 'absent' });
    if (!isStatus(error, 403)) return tell({ state: 'stale', since: Date.now(), reason });
    if (kind.feed !== 'namespaces') return settle({ state: 'denied', reason });
    const only = await loneNamespace(client, namespace, signal);
    options.onEvents([{ type: 'reset', kind: 'namespaces', source: kind.feed, objects: [only] }]);
    tell({ state: 'denied', reason: `${reason}; only ${only.name} is known` });
  }

  function settle(state: FeedState): void {
    options.onEvents([kind.empty()]);
    tell(state);
  }
}

/** Passes on each state once, and never goes back to `connecting`. */
function once(tell: (state: FeedState) => void): (state: FeedState) => void {
  let last = '';
  return (state) => {
    const text = JSON.stringify(state);
    if (text === last || (state.state === 'connecting' && last !== '')) return;
    last = text;
    tell(state);
  };
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
