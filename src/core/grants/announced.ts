import type { ApiObject } from '../cluster/cluster.ts';
import { formatDuration, numberAt, parseDuration } from '../common/common.ts';
import { NOTE } from './names.ts';

/** What a lease says about its own window (GRANT-16), in seconds: how long, at most how long, and who set that. */
export type Announced = { readonly seconds: number; readonly most: number; readonly by: string };

/** `15m of at most 8h, by alice`. */
export function formatAnnounced({ seconds, most, by }: Announced): string {
  return `${formatDuration(seconds)} of at most ${formatDuration(most)}, by ${by}`;
}

/** The announcement on a lease; undefined if it has none that can be read, as those made before GRANT-16. */
export function announcedOf({ metadata }: ApiObject): Announced | undefined {
  const match = /^(\w+) of at most (\w+), by (.+)$/.exec(metadata.annotations?.[NOTE.window] ?? '');
  const [seconds, most] = [secondsOf(match?.[1]), secondsOf(match?.[2])];
  const by = match?.[3];
  return seconds === undefined || most === undefined || by === undefined ? undefined : { seconds, most, by };
}

function secondsOf(text: string | undefined): number | undefined {
  try {
    return parseDuration(text ?? '', Number.POSITIVE_INFINITY);
  } catch {
    return undefined;
  }
}

/**
 * How the deadline of a lease departs from what it announces (GRANT-16); empty if it doesn't, or announces nothing.
 *
 * @param sent the lease when the grant was made, for the process that made it: its maximum counts
 */
export function announcementFaults(lease: ApiObject, sent?: ApiObject): readonly string[] {
  const announced = announcedOf(lease);
  const first = sent === undefined ? undefined : announcedOf(sent);
  if (announced === undefined)
    return first === undefined ? [] : ['the announcement of its window was removed'];
  const { seconds, by } = announced;
  const most = first?.most ?? announced.most;
  const deadline = numberAt(lease, 'spec', 'activeDeadlineSeconds');
  const faults: string[] = [];
  if (deadline !== undefined && deadline !== seconds) {
    faults.push(
      `its deadline was moved to ${formatDuration(deadline)} by somebody who did not announce it; announced: ${formatDuration(seconds)} by ${by}`,
    );
  }
  if (announced.most !== most) {
    faults.push(
      `its maximum was changed from ${formatDuration(most)} to ${formatDuration(announced.most)} by ${by}`,
    );
  }
  if (seconds > most) {
    faults.push(
      `${by} announced ${formatDuration(seconds)}, and a window of at most ${formatDuration(most)} was granted`,
    );
  }
  return faults;
}

/** Who set the window of a grant, if it was not who requested it. */
export function setByOther(grant: {
  readonly requester: string;
  readonly announced?: Announced;
}): string | undefined {
  const by = grant.announced?.by;
  return by === grant.requester ? undefined : by;
}
