import { type EndRef, refKey } from '../cluster/cluster.ts';
import { formatDuration } from '../common/common.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { parseNetworkPolicy } from '../policy/kinds/kinds.ts';
import { type EndName, portsText } from '../policy/model/model.ts';
import { type EndGroup, endGroupText, type PathChange, workloadKey } from '../policy/reach/reach.ts';
import type { GrantRequest } from './grant.ts';
import { formatPorts } from './names.ts';
import type { FactedPlan } from './pending.ts';
import type { GrantPlan } from './plan.ts';
import { meaningOf, surroundingsOf } from './surroundings.ts';

/** The SHA-256 of a text, hex. */
export type Digest = (text: string) => string;

/** Digits of the digests within facts: as many as leave no room for a second text. */
const DIGITS = 32;

/**
 * What somebody approves (GRANT-31), as sorted sentences: the path and its window, what opens, closes, is isolated or is not
 * judged, by workload and not by pod, so that a rollout changes nothing; the policies to come, and those in force that all
 * of it rests on, each with a digest of what it says. Equal facts have an equal hash.
 */
export function planFacts(
  { engine, digest }: { readonly engine: Engine; readonly digest: Digest },
  plan: Extract<GrantPlan, { ok: true }>,
  { source, destination, ports, seconds }: Pick<GrantRequest, 'source' | 'destination' | 'ports' | 'seconds'>,
): FactedPlan {
  const short = (value: unknown) => digest(canonical(value)).slice(0, DIGITS);
  const drafts = plan.halves.map(({ policy }) => parseNetworkPolicy(policy));
  const { base } = surroundingsOf(engine, drafts);
  const workload = (end: EndName) => workloadText(engine, end);
  const facts = [
    `from ${endText(source)}`,
    `to ${endText(destination)}`,
    `ports ${formatPorts(ports)}`,
    `for ${formatDuration(seconds)}`,
    ...plan.opens.map(
      ({ from, to, port, protocol }) =>
        `opens ${workload(from)} → ${workload(to)} ${formatPorts([{ port, protocol }])}`,
    ),
    ...plan.extra.map((path) => `opens besides ${pathText(path)}`),
    ...plan.closes.map((path) => `closes ${pathText(path)}`),
    ...plan.isolates.map(({ pod, direction }) => `isolates ${workload(pod)} (${direction})`),
    ...plan.unjudged.map((name) => `does not evaluate ${name}`),
    ...plan.halves.map(
      ({ direction, namespace, policy }) =>
        `adds an ${direction} policy in ${namespace} ${short(policy.spec)}`,
    ),
    ...[...base.values()].map((policy) => `rests on ${refKey(policy)} ${short(meaningOf(policy))}`),
  ];
  const sorted = [...new Set(facts)].sort();
  return { facts: sorted, hash: digest(JSON.stringify(sorted)) };
}

/** How two plans differ; both empty if they don't. */
export type PlanDifference = { readonly gone: readonly string[]; readonly added: readonly string[] };

/** What was true of one plan and is not of the other, and the other way round. */
export function planDifference(was: readonly string[], is: readonly string[]): PlanDifference {
  const [before, after] = [new Set(was), new Set(is)];
  return { gone: was.filter((fact) => !after.has(fact)), added: is.filter((fact) => !before.has(fact)) };
}

/** The hash of a plan as it is shown, and taken again: as many digits as people compare. */
export function planName(hash: string): string {
  return hash.slice(0, 12);
}

/** Whether somebody named a plan: by at least eight digits of its hash. */
export function namesPlan(hash: string, prefix: string): boolean {
  return /^[0-9a-f]{8,64}$/.test(prefix) && hash.startsWith(prefix);
}

function endText(end: EndRef): string {
  switch (end.type) {
    case 'workload':
      return refKey(end.ref);
    case 'pod':
      return refKey({ kind: 'Pod', ...end });
    case 'service':
      return refKey({ kind: 'Service', ...end });
    case 'ip':
      return end.ip;
    case 'range':
      return end.cidr;
  }
}

function workloadText({ model }: Engine, { namespace, name }: EndName): string {
  const pod = namespace === undefined ? undefined : model.pod(namespace, name);
  return pod === undefined ? name : workloadKey(pod);
}

/** A path without the names and the number of its pods and nodes, which come and go. */
function pathText({ from, to, ports, was, is }: PathChange): string {
  return `${groupText(from)} → ${groupText(to)} ${portsText(ports)} (${was}, then ${is})`;
}

function groupText(end: EndGroup): string {
  switch (end.type) {
    case 'workload':
      return refKey(end);
    case 'nodes':
      return 'nodes';
    default:
      return endGroupText(end);
  }
}

/** A value as one text, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
