import type { ApiObject } from '../cluster/cluster.ts';
import { safeText } from '../common/common.ts';
import { GRANT_LABEL, type Grant, type GrantHalf, isoSeconds, MANAGED_BY } from '../grants/grants.ts';

/**
 * The annotation with the newest checkpoint of the audit log (AUD-9). It stands on the objects of each grant, so that it
 * is in the audit log of the API server too, which whoever writes the records can't change.
 */
export const CHECKPOINT_NOTE = 'sluice.dev/audit-checkpoint';

/** An object to be created, with a checkpoint on it. */
export function anchored(object: ApiObject, checkpoint: string): ApiObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [CHECKPOINT_NOTE]: checkpoint } },
  };
}

/** A line feed as objects have it once their texts were made safe to show. */
const LINE_FEED = safeText('\n');

/** The checkpoint on an object, if any; whoever may edit the object may have edited it. */
export function anchorOf({ metadata }: ApiObject): string | undefined {
  return metadata.annotations?.[CHECKPOINT_NOTE]?.replaceAll(LINE_FEED, '\n');
}

/** The longest message that the API server takes, characters. */
const MESSAGE = 1_024;

/**
 * The event about one half of a grant that is open: on its policy, with the checkpoint that covers the record `granted`.
 *
 * @param suffix makes its name unique
 * @param now ms since the epoch
 * @returns undefined for a half without a policy
 */
export function grantedEvent(
  { id, source, destination, requester, reason }: Grant,
  { namespace, policy }: GrantHalf,
  checkpoint: string,
  suffix: string,
  now: number,
): ApiObject | undefined {
  if (policy === undefined) return undefined;
  const time = isoSeconds(now);
  const message = `${requester} opened ${source} to ${destination}: ${reason}`;
  return anchored(
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${policy.name}.${suffix}`,
        namespace,
        labels: { [MANAGED_BY]: 'sluice', [GRANT_LABEL]: id },
      },
      involvedObject: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        namespace,
        name: policy.name,
        uid: policy.uid,
      },
      type: 'Normal',
      reason: 'Granted',
      message: message.length > MESSAGE ? `${message.slice(0, MESSAGE - 1)}…` : message,
      source: { component: 'sluice' },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    },
    checkpoint,
  );
}
