import { setTimeout as delay } from 'node:timers/promises';
import { textAt } from '../core/common/common.ts';
import { GRANT_LABEL } from '../core/grants/grants.ts';
import type { Rule } from './api/api.ts';
import type { Change, Store, Stored } from './store/store.ts';
import { METRICS, METRICS_MENDED } from './world/world.ts';

/** Somebody else who works on the cluster. */
export const COLLEAGUE: { readonly username: string; readonly rules: readonly Rule[] } = {
  username: 'dana@demo',
  rules: [
    {
      verbs: ['get', 'patch'],
      groups: ['networking.k8s.io'],
      resources: ['networkpolicies'],
      namespaces: [METRICS.namespace],
    },
  ],
};

const POLICIES = 'networking.k8s.io/networkpolicies';

/**
 * Mends `METRICS` through the API, some ms after a grant first lets prometheus reach api: the surroundings of that grant
 * change while it lives, and the path stays open when it ends.
 *
 * @param options.server the URL of the API as the colleague
 */
export function startColleague(
  store: Store,
  { server, after }: { readonly server: string; readonly after: number },
): { readonly stop: () => void } {
  const stopping = new AbortController();
  const stopWatching = store.subscribe(({ resource, type, object }: Change) => {
    if (resource !== POLICIES || type !== 'ADDED' || !isAboutMetrics(object)) return;
    stopWatching();
    void mend(server, after, stopping.signal).catch(() => undefined);
  });
  return {
    stop: () => {
      stopWatching();
      stopping.abort();
    },
  };
}

function isAboutMetrics({ metadata, spec }: Stored): boolean {
  const app = (...path: readonly (string | number)[]) =>
    textAt(spec, ...path, 'podSelector', 'matchLabels', 'app');
  return (
    metadata.labels?.[GRANT_LABEL] !== undefined &&
    metadata.namespace === METRICS.namespace &&
    app() === 'api' &&
    app('ingress', 0, 'from', 0) === 'prometheus'
  );
}

/** Rejects when stopped, or when the server is down. */
async function mend(server: string, after: number, signal: AbortSignal): Promise<void> {
  await delay(after, undefined, { signal });
  const path = `/apis/networking.k8s.io/v1/namespaces/${METRICS.namespace}/networkpolicies/${METRICS.name}`;
  await fetch(`${server}${path}?fieldManager=kubectl-edit`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json', connection: 'close' },
    body: JSON.stringify({ spec: { ingress: METRICS_MENDED } }),
    signal,
  });
}
