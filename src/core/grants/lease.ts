import type { ApiObject } from '../cluster/cluster.ts';
import { at, formatDuration, listAt, numberAt, textAt } from '../common/common.ts';
import { announcedOf, announcementFaults } from './announced.ts';
import type { GrantWindow } from './grant.ts';
import { sameWitness, specFaults } from './witness.ts';

/**
 * The window of a lease: `activeDeadlineSeconds` from `status.startTime`, which the job controller truncates to the
 * second (LEASE-3). Undefined until it has started, or if it can't end.
 */
export function windowOf(lease: ApiObject): GrantWindow | undefined {
  const start = Date.parse(textAt(lease, 'status', 'startTime') ?? '');
  const seconds = numberAt(lease, 'spec', 'activeDeadlineSeconds');
  if (Number.isNaN(start) || seconds === undefined) return undefined;
  return { start, seconds, end: start + seconds * 1_000 };
}

/** Start and creation are whole seconds of two clocks; a difference above this is not a rounding error. In ms. */
const ROUNDING = 2_000;

/**
 * Whether the clock of the job controller, which starts and ends leases, differs from the API server's, which sets all
 * other times and the countdown here (API-10). A lease that starts before its creation, or in the future, can't be
 * explained by a slow controller.
 *
 * @param now the API server's time when the lease was read, ms; `error` is half the width of its uncertainty
 * @returns a phrase, or undefined if the clocks may agree
 */
export function clockSkew(lease: ApiObject, now: number, error: number): string | undefined {
  const start = windowOf(lease)?.start;
  const created = Date.parse(lease.metadata.creationTimestamp ?? '');
  if (start === undefined) return undefined;
  const behind = created - start;
  const ahead = start - now;
  if (behind > ROUNDING) return skewText(behind, 'behind', 'early');
  return ahead > ROUNDING + Math.min(error, ROUNDING) ? skewText(ahead, 'ahead of', 'late') : undefined;
}

function skewText(by: number, side: string, when: string): string {
  const seconds = Math.round(by / 1_000);
  return `the job controller's clock is ${seconds} s ${side} the API server's: the displayed end is ${seconds} s too ${when}`;
}

/**
 * Whether a lease is over or ending, in which case a 200 for an extension has no effect (LEASE-11).
 *
 * @returns the evidence, or undefined while it is in force
 */
export function leaseOver(lease: ApiObject): string | undefined {
  return lastOf(lease)?.what;
}

/** Since when a lease is over or ending, ms; undefined while it is in force, 0 if it does not say since when. */
export function leaseOverSince(lease: ApiObject): number | undefined {
  const last = lastOf(lease);
  return last === undefined ? undefined : Date.parse(last.since ?? '') || 0;
}

function lastOf(lease: ApiObject): { readonly what: string; readonly since: string | undefined } | undefined {
  const { deletionTimestamp } = lease.metadata;
  if (deletionTimestamp !== undefined) return { what: 'it is being deleted', since: deletionTimestamp };
  for (const condition of listAt(lease, 'status', 'conditions')) {
    const type = textAt(condition, 'type');
    if (
      textAt(condition, 'status') === 'True' &&
      (type === 'Failed' || type === 'FailureTarget' || type === 'Complete')
    ) {
      return { what: `its Job is ${type}`, since: textAt(condition, 'lastTransitionTime') };
    }
  }
  return undefined;
}

/**
 * Why a Job is not a valid lease; empty if it is. Admission webhooks such as Kueue may suspend, adopt or rewrite Jobs,
 * and each of these lets the policy outlive its window (LEASE-8).
 *
 * @param seconds what was asked for: the deadline and its announcement are compared with it
 */
export function leaseFaults(lease: ApiObject, seconds?: number): readonly string[] {
  const faults = [...endlessFaults(lease)];
  const { metadata } = lease;
  const deadline = numberAt(lease, 'spec', 'activeDeadlineSeconds');
  if (deadline !== undefined && seconds !== undefined && deadline !== seconds)
    faults.push(`its deadline is ${formatDuration(deadline)} instead of ${formatDuration(seconds)}`);
  if (seconds !== undefined && announcedOf(lease)?.seconds !== seconds)
    faults.push(`it does not announce its window of ${formatDuration(seconds)}`);
  const parallelism = numberAt(lease, 'spec', 'parallelism');
  if (parallelism !== 0) faults.push(`its parallelism is ${parallelism ?? 'unset'} instead of 0`);
  faults.push(...finalizerFaults(lease));
  const owners = metadata.ownerReferences ?? [];
  if (owners.length > 0)
    faults.push(`it is owned by ${owners.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`);
  return faults;
}

/** The fault of a Job that a foreign finalizer holds beyond its end. */
export function finalizerFaults(lease: ApiObject): readonly string[] {
  const finalizers = foreignFinalizers(lease);
  return finalizers.length === 0 ? [] : [`it has the finalizer ${finalizers.join(', ')}`];
}

/**
 * Those of the faults of a Job by which nothing ends its policy at the deadline (LEASE-8): with the others it ends in
 * time, though the Job may stay.
 */
export function endlessFaults(lease: ApiObject): readonly string[] {
  const faults: string[] = [];
  if (numberAt(lease, 'spec', 'activeDeadlineSeconds') === undefined) faults.push('it has no deadline');
  if (at(lease, 'spec', 'suspend') === true) faults.push('it is suspended, which resets its clock');
  const ttl = numberAt(lease, 'spec', 'ttlSecondsAfterFinished');
  if (ttl !== 0) faults.push(`its ttlSecondsAfterFinished is ${ttl ?? 'unset'} instead of 0`);
  const completions = numberAt(lease, 'spec', 'completions');
  if (completions !== undefined) faults.push(`its completions is ${completions} instead of unset`);
  const manager = textAt(lease, 'spec', 'managedBy');
  if (manager !== undefined && manager !== 'kubernetes.io/job-controller')
    faults.push(`it is managed by ${manager}`);
  return faults;
}

/** Finalizers that hold an object, other than those by which the cluster deletes it in some order. */
export function foreignFinalizers({ metadata }: ApiObject): readonly string[] {
  return (metadata.finalizers ?? []).filter((name) => name !== 'foregroundDeletion' && name !== 'orphan');
}

/**
 * What is wrong with the lease of a running grant (GRANT-14). Its deadline may move with its announcement, as an
 * extension moves both (GRANT-16); its clock may not restart, as a suspension would make it (LEASE-7).
 *
 * @param sent the lease when the grant was created, for the process that did
 */
export function leaseDrift(lease: ApiObject, sent?: ApiObject): readonly string[] {
  const window = windowOf(lease);
  const faults = [
    ...leaseFaults(lease),
    ...announcementFaults(lease, sent),
    ...(sent === undefined || sameWitness(lease, sent) ? [] : ['its copy of what was granted was edited']),
  ];
  const started = sent === undefined ? undefined : windowOf(sent);
  if (window === undefined || started === undefined || window.start === started.start) return faults;
  return [...faults, 'its clock was restarted; the grant still ends at its original deadline'];
}

/**
 * What is wrong with the policy of a grant: it is not what was granted, or not owned by exactly its lease, `batch/v1`
 * `Job` with its name and UID; any other owner is never garbage-collected (LEASE-9), and a finalizer keeps it in force
 * (LEASE-10).
 *
 * @param granted its spec when it was made, for the process that made it; else as its lease announces it
 */
export function policyFaults(policy: ApiObject, lease: ApiObject, granted?: unknown): readonly string[] {
  return [...specFaults(policy, lease, granted), ...bondFaults(policy, lease)];
}

/** Those of the faults of a policy by which its lease does not end it. */
export function bondFaults(policy: ApiObject, lease: ApiObject): readonly string[] {
  const faults: string[] = [];
  const owners = policy.metadata.ownerReferences ?? [];
  const [owner] = owners;
  if (owners.length > 1) faults.push(`it has ${owners.length} owners, and any of them keeps it alive`);
  if (owner === undefined) faults.push('it has no owner, so nothing would delete it');
  else if (
    owner.apiVersion !== 'batch/v1' ||
    owner.kind !== 'Job' ||
    owner.name !== lease.metadata.name ||
    owner.uid !== lease.metadata.uid
  ) {
    faults.push(`its owner is ${owner.apiVersion} ${owner.kind} ${owner.name}, not its lease`);
  }
  const finalizers = policy.metadata.finalizers ?? [];
  if (finalizers.length > 0)
    faults.push(`the finalizer ${finalizers.join(', ')} would keep it in force after the grant ends`);
  return faults;
}
