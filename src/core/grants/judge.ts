import type { ApiObject } from '../cluster/cluster.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { announcedOf } from './announced.ts';
import type { Grant } from './grant.ts';
import { isoSeconds } from './grant-manifests.ts';
import { leaseDrift, policyFaults, windowOf } from './lease.ts';
import { NOTE } from './names.ts';
import { clusterTroubles } from './standing.ts';

/** What still exists this long after its end, in ms, is overdue, not just being removed. */
export const LATE = 2_000;

/** Whether a grant that has not ended has outlived its window. */
export function isOverdue({ window }: Pick<Grant, 'window'>, now: number): boolean {
  return window !== undefined && now > window.end + LATE;
}

/**
 * Everything that is wrong with a grant that stands (GRANT-17), as any process can tell: its objects (`drift`, see
 * `readGrants`), its window, and the cluster around it where an engine knows that. Each text stays the same while the
 * trouble persists.
 *
 * @param now server time, ms
 */
export function troublesOf(grant: Grant, now: number, engine?: Engine): readonly string[] {
  const { drift } = grant;
  return [
    ...overdueTexts(grant, now),
    ...drift,
    ...(engine === undefined ? [] : clusterTroubles(engine, grant).filter((text) => !drift.includes(text))),
  ];
}

/** Since when a grant is overdue, in words; empty if it is not. */
export function overdueTexts(
  grant: Pick<Grant, 'window' | 'halves' | 'waiting'>,
  now: number,
): readonly string[] {
  const { window, halves, waiting } = grant;
  if (window === undefined || !isOverdue(grant, now)) return [];
  const stands = waiting === undefined ? 'it is still in force' : 'the request is still there';
  const what = halves.some(({ policy }) => policy !== undefined) ? stands : 'its lease is left';
  return [`overdue: its window ended at ${isoSeconds(window.end)}, and ${what}`];
}

/** The fault of a policy whose lease does not exist. */
export const NO_LEASE = 'its lease is gone, so nothing will end it';

/**
 * What is wrong with the objects of one grant, by themselves and compared with each other (GRANT-17): each policy with
 * its lease, and the marks of all of them.
 *
 * @param unread why an object could not be read, by `Job/ns/name`
 */
export function objectTroubles(
  policies: readonly ApiObject[],
  jobs: readonly ApiObject[],
  unread: ReadonlyMap<string, string>,
): readonly string[] {
  const owned = policies.flatMap((policy) => {
    const { name, namespace } = policy.metadata;
    const job = jobs.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (job !== undefined) return policyFaults(policy, job).map((fault) => troubleText(policy, fault));
    const hidden = unread.get(`Job/${namespace}/${name}`);
    const fault = hidden === undefined ? NO_LEASE : `its lease could not be read: ${hidden}`;
    return [troubleText(policy, fault)];
  });
  const leases = jobs.flatMap((job) =>
    [...leaseDrift(job), ...restartFaults(job)].map((fault) => troubleText(job, fault)),
  );
  return [...owned, ...leases, ...markFaults(policies, jobs), ...noteFaults([...jobs, ...policies])];
}

/** `Job shop/sluice-7f3k-in: it is suspended`. */
export function troubleText(object: ApiObject, fault: string): string {
  return `${nameOf(object)}: ${fault}`;
}

/** A lease that is resumed starts anew (LEASE-7); a slow controller starts one within this long, ms. */
const STARTS_WITHIN = 60_000;

/** When the window of a lease first began, ms: its creation if its clock was started again since. */
export function beganAt(job: ApiObject): number {
  const start = windowOf(job)?.start ?? 0;
  const created = Date.parse(job.metadata.creationTimestamp ?? '');
  return start - created > STARTS_WITHIN ? created : start;
}

function restartFaults(job: ApiObject): readonly string[] {
  const window = windowOf(job);
  return window === undefined || beganAt(job) === window.start
    ? []
    : ['its clock was restarted, and it ends later than announced'];
}

/** The end on a policy may be this far from that of its lease, ms: two leases of a grant start one after the other. */
const APART = 2_000;

/** A lease made before GRANT-16 announces no window: the end on its policy is all that tells of a moved deadline. */
function markFaults(policies: readonly ApiObject[], jobs: readonly ApiObject[]): readonly string[] {
  return jobs.flatMap((job) => {
    const window = windowOf(job);
    const policy = policies.find(({ metadata }) => metadata.ownerReferences?.[0]?.uid === job.metadata.uid);
    const marked = Date.parse(policy?.metadata.annotations?.[NOTE.expiresAt] ?? '');
    if (window === undefined || Number.isNaN(marked) || announcedOf(job) !== undefined) return [];
    if (Math.abs(window.end - marked) <= APART) return [];
    const [end, said] = [isoSeconds(window.end), isoSeconds(marked)];
    return [
      troubleText(
        job,
        `its deadline was moved to ${end} by somebody who did not announce it; announced: ${said}`,
      ),
    ];
  });
}

/** Marks that are the same on every object of a grant, in words. */
const SHARED = {
  requester: NOTE.requester,
  reason: NOTE.reason,
  ticket: NOTE.ticket,
  source: NOTE.source,
  destination: NOTE.destination,
  ports: NOTE.ports,
  halves: NOTE.halves,
} as const;

/** Marks on which the objects of a grant disagree: one of them was edited (GRANT-10). */
export function noteFaults(objects: readonly ApiObject[]): readonly string[] {
  const [first, ...others] = objects;
  return Object.entries(SHARED).flatMap(([word, key]) => {
    const said = first?.metadata.annotations?.[key];
    const other = others.find(({ metadata }) => metadata.annotations?.[key] !== said);
    if (first === undefined || other === undefined) return [];
    const is = quoted(other.metadata.annotations?.[key]);
    return [`its ${word} is ${quoted(said)} on ${nameOf(first)}, and ${is} on ${nameOf(other)}`];
  });
}

const LONGEST = 60;

function quoted(text: string | undefined): string {
  if (text === undefined) return 'missing';
  return `"${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}"`;
}

function nameOf({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
