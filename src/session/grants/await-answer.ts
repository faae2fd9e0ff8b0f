import type { ApiObject } from '../../core/cluster/cluster.ts';
import { isAbort } from '../../core/common/common.ts';
import { GRANT_LABEL, MANAGED_BY, NOTE } from '../../core/grants/grants.ts';
import type { ObjectEvent } from '../../core/ports/ports.ts';
import { grantsOf, JOBS, jobRef, POLICIES, policyRef } from './find-grants.ts';
import type { MadeGrant } from './make-grant.ts';
import type { GrantDeps } from './record.ts';
import { untilAborted } from './wait.ts';

/** What became of a request. `ended`: its objects are gone; `why` has who refused it and why, if anybody did. */
export type Answer =
  | { readonly type: 'approved'; readonly made: MadeGrant }
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'expired' }
  | { readonly type: 'removed' };

/**
 * Waits until a request of this process is answered (GRANT-33): until all of its policies are open, or one is gone.
 *
 * @returns with an approval, the grant as it stands, for the keeper
 * @throws the reason of the signal; SluiceError if its objects can't be watched
 */
export async function awaitAnswer(
  deps: GrantDeps,
  { grant }: MadeGrant,
  signal: AbortSignal,
): Promise<Answer> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const answer = Promise.withResolvers<Answer>();
  let refused: string | undefined;

  const look = async () => {
    const read = await Promise.all(
      grant.halves.map(async ({ namespace, policy, lease }) => ({
        namespace,
        policy: await current(deps, policyRef(namespace, policy?.name ?? ''), policy?.uid, stop),
        lease: await current(deps, jobRef(namespace, lease?.name ?? ''), lease?.uid, stop),
      })),
    );
    for (const { lease } of read) refused ??= lease?.metadata.annotations?.[NOTE.refused];
    const policies = read.flatMap(({ policy }) => policy ?? []);
    const jobs = read.flatMap(({ lease }) => lease ?? []);
    if (policies.length < grant.halves.length || jobs.length < grant.halves.length) {
      const isOver = deps.api.clock.now() >= (grant.window?.end ?? 0);
      if (refused !== undefined) answer.resolve({ type: 'refused', why: refused });
      else answer.resolve({ type: isOver ? 'expired' : 'removed' });
      return;
    }
    const [opened] = grantsOf({ policies, jobs, unread: new Map(), gone: new Set() });
    if (opened === undefined || opened.drift.length > 0) return;
    const sent = new Map<string, ApiObject>(
      [...jobs, ...policies].map((object) => [
        `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`,
        object,
      ]),
    );
    const at = opened.approval?.at ?? deps.api.clock.now();
    answer.resolve({
      type: 'approved',
      made: { grant: { ...opened, mine: true, state: { name: 'applied', at } }, sent },
    });
  };

  const onEvent = ({ state }: ObjectEvent) => {
    refused ??= state?.metadata.annotations?.[NOTE.refused];
    look().catch(fail);
  };
  const fail = (error: unknown) => {
    if (!stop.aborted && !isAbort(error)) answer.reject(error);
  };
  const labels = `${MANAGED_BY}=sluice,${GRANT_LABEL}=${grant.id}`;
  for (const namespace of new Set(grant.halves.map((half) => half.namespace)))
    for (const collection of [POLICIES, JOBS])
      deps.api.follow({ ...collection, namespace }, labels, onEvent, stop).catch(fail);
  try {
    return await Promise.race([answer.promise, untilAborted(signal)]);
  } finally {
    over.abort();
  }
}

/** The object as it is, unless another one took its name. */
async function current(
  { api }: GrantDeps,
  ref: Parameters<GrantDeps['api']['read']>[0],
  uid: string | undefined,
  signal: AbortSignal,
): Promise<ApiObject | undefined> {
  const object = await api.read(ref, signal);
  return object?.metadata.uid === uid ? object : undefined;
}
