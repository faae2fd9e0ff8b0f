import type { FeedState } from '../../core/cluster/events.ts';
import type { TrafficState } from '../../core/ports.ts';
import { BLIND_SPOTS } from '../../core/traffic/trust.ts';
import type { Output } from '../output/write.ts';

/**
 * Tells on stderr what a reader of attempts must know of where they come from: that a source fails, reconnects or
 * loses flows, what sockets can't show, and lists that are not followed. Each once, until it changes; what keeps all
 * lists from being followed is told of the first.
 */
export function tellSource({ err }: Output): {
  readonly traffic: (state: TrafficState) => void;
  readonly feed: (feed: string, state: FeedState) => void;
} {
  let told = '';
  let warned = false;
  const feeds = new Map<string, string>();
  return {
    traffic: ({ source, status, detail, lost }) => {
      const now = `${source} ${status}: ${detail}${lost > 0 ? `, ${lost} flows lost` : ''}`;
      const wrong = status === 'failed' || status === 'reconnecting' || lost > 0;
      if (now !== told && wrong) err(`sluice: ${now}\n`);
      told = now;
      if (source !== 'probe' || status !== 'live' || warned) return;
      warned = true;
      err(`sluice: probe: ${detail}; sockets never show ${BLIND_SPOTS.join('; ')}\n`);
    },
    feed: (feed, state) => {
      const reason = state.state === 'stale' ? state.reason : '';
      const alike = reason.replaceAll(feed, '*');
      if (reason !== '' && ![...feeds.values()].includes(alike)) err(`sluice: ${feed}: ${reason}\n`);
      feeds.set(feed, alike);
    },
  };
}
