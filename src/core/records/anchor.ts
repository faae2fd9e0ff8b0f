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

/** What an event tells of a grant. */
export type GrantStory = {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'Granted' | 'GrantedWithoutApproval' | 'Requested' | 'Approved';
  readonly message: string;
};

/** That a grant is open; a warning if it lacks the approval that it needed (GRANT-35). */
export function grantedStory({ source, destination, requester, reason, breakGlass }: Grant): GrantStory {
  const message = `${requester} opened ${source} to ${destination}: ${reason}`;
  return breakGlass === undefined
    ? { type: 'Normal', reason: 'Granted', message }
    : {
        type: 'Warning',
        reason: 'GrantedWithoutApproval',
        message: `${requester} opened ${source} to ${destination} without approval: ${breakGlass}`,
      };
}

/**
 * The event about one half of a grant: on its policy, with the checkpoint that covers the record of it.
 *
 * @param suffix makes its name unique
 * @param now ms since the epoch
 * @returns undefined for a half without a policy
 */
export function grantEvent(
  { id }: Grant,
  { namespace, policy }: GrantHalf,
  { type, reason, message }: GrantStory,
  { checkpoint, suffix, now }: { readonly checkpoint: string; readonly suffix: string; readonly now: number },
): ApiObject | undefined {
  if (policy === undefined) return undefined;
  const time = isoSeconds(now);
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
      type,
      reason,
      message: message.length > MESSAGE ? `${message.slice(0, MESSAGE - 1)}…` : message,
      source: { component: 'sluice' },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    },
    checkpoint,
  );
}
