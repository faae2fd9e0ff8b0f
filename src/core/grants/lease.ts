import type { ApiObject } from '../cluster/cluster.ts';
import { at, listAt, numberAt, sameJson, textAt } from '../common/common.ts';
import type { GrantWindow } from './grant.ts';

/**
 * The window of a lease: from `status.startTime`, which the job controller writes truncated to the second, for
 * `activeDeadlineSeconds` (LEASE-3). Undefined until it has started, or where it can't end.
 */
export function windowOf(lease: ApiObject): GrantWindow | undefined {
  const start = Date.parse(textAt(lease, 'status', 'startTime') ?? '');
  const seconds = numberAt(lease, 'spec', 'activeDeadlineSeconds');
  if (Number.isNaN(start) || seconds === undefined) return undefined;
  return { start, seconds, end: start + seconds * 1_000 };
}

/** Start and creation are whole seconds of two clocks; what differs by more than this is no rounding, ms. */
const ROUNDING = 2_000;

/**
 * Whether the clock of the job controller, which dates and ends leases, differs from the API server's, which dates
 * everything else and counts down here (API-10). A lease that starts before it was made, or later than now, can't be
 * explained by a slow controller.
 *
 * @param now the API server's time when the lease was read, ms; `error` its half-width
 * @returns a phrase, or undefined when the clocks may well agree
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
 * Whether a lease is over or ending: then an answer of 200 to an extension is none (LEASE-11).
 *
 * @returns what says so, or undefined while it is in force
 */
export function leaseOver(lease: ApiObject): string | undefined {
  if (lease.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  for (const condition of listAt(lease, 'status', 'conditions')) {
    const type = textAt(condition, 'type');
    if (
      textAt(condition, 'status') === 'True' &&
      (type === 'Failed' || type === 'FailureTarget' || type === 'Complete')
    ) {
      return `its Job is ${type}`;
    }
  }
  return undefined;
}

/**
 * What keeps an admitted Job from being a lease of `seconds`; empty when it is one. Admission webhooks (Kueue and its
 * like) may suspend, adopt or rewrite Jobs, and each of these lets the policy outlive its window (LEASE-8).
 */
export function leaseFaults(lease: ApiObject, seconds: number): readonly string[] {
  const faults: string[] = [];
  const { metadata } = lease;
  const deadline = numberAt(lease, 'spec', 'activeDeadlineSeconds');
  if (deadline !== seconds) faults.push(`its deadline is ${deadline ?? 'unset'} s instead of ${seconds} s`);
  if (at(lease, 'spec', 'suspend') === true) faults.push('it is suspended, which resets its clock');
  const ttl = numberAt(lease, 'spec', 'ttlSecondsAfterFinished');
  if (ttl !== 0) faults.push(`its ttlSecondsAfterFinished is ${ttl ?? 'unset'} instead of 0`);
  const parallelism = numberAt(lease, 'spec', 'parallelism');
  if (parallelism !== 0) faults.push(`its parallelism is ${parallelism ?? 'unset'} instead of 0`);
  const completions = numberAt(lease, 'spec', 'completions');
  if (completions !== undefined) faults.push(`its completions is ${completions} instead of unset`);
  const manager = textAt(lease, 'spec', 'managedBy');
  if (manager !== undefined && manager !== 'kubernetes.io/job-controller')
    faults.push(`it is managed by ${manager}`);
  const finalizers = (metadata.finalizers ?? []).filter(
    (name) => name !== 'foregroundDeletion' && name !== 'orphan',
  );
  if (finalizers.length > 0) faults.push(`it has the finalizer ${finalizers.join(', ')}`);
  const owners = metadata.ownerReferences ?? [];
  if (owners.length > 0)
    faults.push(`it is owned by ${owners.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`);
  return faults;
}

/**
 * What happened to a lease under a running grant (GRANT-14). Its deadline may move, as an extension moves it; its clock
 * may not start again, as a suspension makes it do (LEASE-7).
 *
 * @param sent the lease as it was when the grant was made
 */
export function leaseDrift(
  lease: ApiObject,
  sent: ApiObject | undefined,
  known: GrantWindow | undefined,
): readonly string[] {
  const window = windowOf(lease);
  const faults = leaseFaults(lease, window?.seconds ?? known?.seconds ?? 0);
  const started = sent === undefined ? undefined : windowOf(sent);
  if (window === undefined || started === undefined || window.start === started.start) return faults;
  return [...faults, 'its clock was restarted; the grant still ends at its original deadline'];
}

/**
 * What keeps a policy as read back from being the grant that was sent: its spec, and exactly one owner spelled
 * `batch/v1` `Job` with the lease's name and UID; anything else is never collected (LEASE-9).
 */
export function policyFaults(policy: ApiObject, sent: ApiObject, lease: ApiObject): readonly string[] {
  const faults: string[] = [];
  if (!sameJson(policy.spec, sent.spec)) faults.push('its spec differs from what was sent');
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

/** What admission changed between what was sent and what the server's dry-run gave back, by field. */
export function admissionChanges(sent: ApiObject, admitted: ApiObject): readonly string[] {
  const changes: string[] = [];
  compare(sent.spec, admitted.spec, 'spec', changes);
  for (const map of ['labels', 'annotations'] as const) {
    compare(sent.metadata[map], admitted.metadata[map], `metadata.${map}`, changes);
    for (const key of Object.keys(admitted.metadata[map] ?? {})) {
      if (sent.metadata[map]?.[key] === undefined) changes.push(`metadata.${map}.${key} added`);
    }
  }
  for (const list of ['finalizers', 'ownerReferences'] as const) {
    const before = sent.metadata[list]?.length ?? 0;
    const after = admitted.metadata[list]?.length ?? 0;
    if (after !== before) changes.push(`metadata.${list} ${after} instead of ${before}`);
  }
  return changes;
}

/** Fields that were sent and came back otherwise; fields that only the server fills (defaults) are no change. */
function compare(sent: unknown, admitted: unknown, path: string, changes: string[]): void {
  if (sent === undefined || sameJson(sent, admitted)) return;
  if (typeof sent === 'object' && sent !== null && typeof admitted === 'object' && admitted !== null) {
    const keys = Array.isArray(sent) ? sent.keys() : Object.keys(sent);
    for (const key of keys) compare(at(sent, key), at(admitted, key), `${path}.${key}`, changes);
    if (Array.isArray(sent) && Array.isArray(admitted) && sent.length !== admitted.length) {
      changes.push(`${path} has ${admitted.length} items instead of ${sent.length}`);
    }
    return;
  }
  changes.push(`${path} ${JSON.stringify(admitted)} instead of ${JSON.stringify(sent)}`);
}
