import { leaseDrift, policyFaults, windowOf } from '../../../core/access/lease.ts';
import { GRANT_LABEL, MANAGED_BY } from '../../../core/access/names.ts';
import { asSluiceError, isAbort } from '../../../core/errors.ts';
import type { ObjectEvent } from '../../../core/ports.ts';
import { JOBS, POLICIES } from '../objects.ts';
import type { Ending } from './ending.ts';
import { type Keeping, type Life, note, recordOrNote } from './life.ts';

/** A policy that goes this shortly before its deadline was ended by the lease: clocks differ a little. */
const NEAR = 1_000;

/** Tells drift on the screen and in the log, each once; what an end does to its own objects is none. */
export function drifted(keeping: Keeping, life: Life, found: readonly string[]): void {
  if (life.ending !== undefined) return;
  const fresh = note(keeping, life, found);
  if (fresh.length > 0) void keeping.keep(recordOrNote(keeping, life, 'drift', fresh.join('; ')));
}

/** Watches the objects of a grant until its life stops: what is changed is drift, what is removed ends it. */
export function watchObjects(keeping: Keeping, life: Life, { end }: Pick<Ending, 'end'>): void {
  const { deps } = keeping;

  const onPolicy = (namespace: string, event: ObjectEvent) => {
    const half = life.grant.halves.find(({ policy }) => policy?.uid === event.uid);
    if (half?.policy === undefined) return;
    if (event.state === undefined) {
      if (life.ending !== undefined) return;
      const late = deps.api.clock.now() >= (life.grant.window?.end ?? Number.POSITIVE_INFINITY) - NEAR;
      if (!late)
        drifted(keeping, life, [
          `NetworkPolicy ${namespace}/${half.policy.name} was deleted by somebody else`,
        ]);
      void end(life, late ? 'lease' : 'other');
      return;
    }
    const sent = life.sent.get(`NetworkPolicy/${namespace}/${half.policy.name}`);
    const lease = life.sent.get(`Job/${namespace}/${half.lease?.name}`);
    if (sent !== undefined && lease !== undefined)
      drifted(keeping, life, policyFaults(event.state, sent, lease));
  };

  const onLease = (namespace: string, event: ObjectEvent) => {
    const half = life.grant.halves.find(({ lease }) => lease?.uid === event.uid);
    if (
      half?.lease === undefined ||
      event.state === undefined ||
      event.state.metadata.deletionTimestamp !== undefined
    )
      return;
    const sent = life.sent.get(`Job/${namespace}/${half.lease.name}`);
    const faults = leaseDrift(event.state, sent, life.grant.window);
    drifted(
      keeping,
      life,
      faults.map((fault) => `Job ${namespace}/${half.lease?.name}: ${fault}`),
    );
    const window = windowOf(event.state);
    if (faults.length > 0 || window === undefined) return;
    life.windows.set(event.uid, window);
    const earliest = [...life.windows.values()].toSorted((one, other) => one.end - other.end)[0];
    if (earliest !== undefined && earliest.end !== life.grant.window?.end)
      keeping.set(life, { window: earliest });
  };

  const labels = `${MANAGED_BY}=sluice,${GRANT_LABEL}=${life.grant.id}`;
  const watch = (namespace: string, collection: typeof JOBS | typeof POLICIES, on: typeof onPolicy) =>
    deps.api
      .follow({ ...collection, namespace }, labels, (event) => on(namespace, event), life.stop.signal)
      .catch((error: unknown) => {
        if (!isAbort(error) && !life.stop.signal.aborted)
          drifted(keeping, life, [
            `its ${collection.resource} in ${namespace} can't be watched: ${asSluiceError(error).message}`,
          ]);
      });
  for (const namespace of new Set(life.grant.halves.map((half) => half.namespace))) {
    void watch(namespace, POLICIES, onPolicy);
    void watch(namespace, JOBS, onLease);
  }
}
