import type { ApiObject } from '../../core/cluster/cluster.ts';
import { isAbort, SluiceError } from '../../core/common/common.ts';
import { type Grant, MANAGED_SELECTOR, type PlannedHalf } from '../../core/grants/grants.ts';
import type { ClusterApi } from '../../core/ports/ports.ts';
import { anchored, anchorOf, type GrantStory, grantEvent } from '../../core/records/records.ts';
import { JOBS, POLICIES } from './find-grants.ts';
import type { GrantDeps } from './record.ts';

const EVENTS = { group: '', version: 'v1', resource: 'events' } as const;

/** The halves with the newest checkpoint of the log on each object (AUD-9). */
export function anchoredHalves({ audit }: GrantDeps, halves: readonly PlannedHalf[]): readonly PlannedHalf[] {
  const checkpoint = audit.checkpoint();
  if (checkpoint === undefined) return halves;
  return halves.map((half) => ({
    ...half,
    lease: anchored(half.lease, checkpoint),
    policy: anchored(half.policy, checkpoint),
  }));
}

/** How long an event may hold up a grant that is open, ms. */
const EVENT_WITHIN = 3_000;

/**
 * Tells in an event on each policy what happened to the grant, where the user may create events (AUD-9). Asks first, as a
 * command that fails would look as if the grant had. Never fails.
 */
export async function tell(
  { api, audit }: GrantDeps,
  grant: Grant,
  story: GrantStory,
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = audit.checkpoint();
  if (checkpoint === undefined) return;
  const within = AbortSignal.any([signal, AbortSignal.timeout(EVENT_WITHIN)]);
  await Promise.allSettled(
    grant.halves.map(async (half) => {
      const { namespace } = half;
      const question = { verb: 'create', group: EVENTS.group, resource: EVENTS.resource, namespace };
      const [answer] = await api.allowed([question], within);
      const suffix = crypto.randomUUID().slice(0, 8);
      const event = grantEvent(grant, half, story, { checkpoint, suffix, now: api.clock.now() });
      if (answer?.allowed !== true || event === undefined) return;
      await api.create({ ...EVENTS, namespace }, event, { signal: within });
    }),
  );
}

/** Checkpoints found in the cluster, and what could not be looked through. */
export type Anchors = {
  readonly checkpoints: readonly { readonly from: string; readonly text: string }[];
  readonly unseen: readonly string[];
};

/** The checkpoints that stand in the cluster, on objects of grants and on events, whoever's log they are of (AUD-9). */
export async function findAnchors(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Anchors> {
  const unseen: string[] = [];
  const look = async (
    collection: typeof JOBS | typeof POLICIES | typeof EVENTS,
  ): Promise<readonly ApiObject[]> => {
    try {
      return await api.list(collection, { labels: MANAGED_SELECTOR, namespace, signal });
    } catch (error) {
      if (isAbort(error) || !(error instanceof SluiceError) || error.code !== 'forbidden') throw error;
      unseen.push(
        `${error.message} ${namespace === undefined ? 'Use -n to look in one namespace.' : error.hint}`,
      );
      return [];
    }
  };
  const found = (await Promise.all([JOBS, POLICIES, EVENTS].map(look))).flat();
  const checkpoints = found.flatMap((object) => {
    const { kind, metadata } = object;
    const text = anchorOf(object);
    return text === undefined ? [] : [{ from: `${kind} ${metadata.namespace}/${metadata.name}`, text }];
  });
  return { checkpoints, unseen };
}
