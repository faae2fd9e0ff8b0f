import type { ApiObject, EndRef, PortSpec } from '../cluster/cluster.ts';
import { at, formatDuration, isRecord, parseDuration, textAt } from '../common/common.ts';
import { formatAnnounced } from './announced.ts';
import type { GrantRequest } from './grant.ts';
import { formatPorts, NOTE, PENDING_LABEL, readPorts } from './names.ts';
import type { GrantPlan } from './plan.ts';
import type { Approval, AskedPath, Waiting } from './waiting.ts';

/** Together with the label in `matchLabels`, no pod ever matches, whatever labels it gets. */
const CONTRADICTION = { key: PENDING_LABEL, operator: 'DoesNotExist' } as const;

/** The spec of a policy as it waits: its selector asks for a label and for its absence, so that it selects no pod. */
export function pendingSpec(spec: unknown): unknown {
  if (!isRecord(spec)) return spec;
  const { podSelector } = spec;
  const { matchLabels, matchExpressions } = selectorParts(podSelector);
  return {
    ...spec,
    podSelector: {
      matchLabels: { ...matchLabels, [PENDING_LABEL]: 'true' },
      matchExpressions: [...matchExpressions, CONTRADICTION],
    },
  };
}

/** Whether a policy waits for approval: it has both marks of `pendingSpec`. */
export function isPending(policy: ApiObject): boolean {
  return waits(policy.spec);
}

function waits(spec: unknown): boolean {
  const { matchLabels, matchExpressions } = selectorParts(at(spec, 'podSelector'));
  return matchLabels[PENDING_LABEL] === 'true' && matchExpressions.some(isContradiction);
}

/** The spec of a policy as it is once it is open; the same if it does not wait. */
export function openSpec(spec: unknown): unknown {
  if (!isRecord(spec) || !waits(spec)) return spec;
  return { ...spec, podSelector: openSelector(spec.podSelector) };
}

function openSelector(selector: unknown): Readonly<Record<string, unknown>> {
  const { matchLabels, matchExpressions } = selectorParts(selector);
  const { [PENDING_LABEL]: _, ...labels } = matchLabels;
  const expressions = matchExpressions.filter((one) => !isContradiction(one));
  return {
    ...(Object.keys(labels).length === 0 ? {} : { matchLabels: labels }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

/** The merge patch of a pending spec that opens it: it names what leaves the selector, and nothing else. */
export function openingPatch(spec: unknown): Readonly<Record<string, unknown>> {
  const { matchLabels, matchExpressions } = openSelector(at(spec, 'podSelector'));
  return {
    podSelector: {
      matchLabels: matchLabels === undefined ? null : { [PENDING_LABEL]: null },
      matchExpressions: matchExpressions ?? null,
    },
  };
}

function selectorParts(selector: unknown): {
  readonly matchLabels: Readonly<Record<string, unknown>>;
  readonly matchExpressions: readonly unknown[];
} {
  const labels = at(selector, 'matchLabels');
  const expressions = at(selector, 'matchExpressions');
  return {
    matchLabels: isRecord(labels) ? labels : {},
    matchExpressions: Array.isArray(expressions) ? expressions : [],
  };
}

function isContradiction(expression: unknown): boolean {
  return (
    textAt(expression, 'key') === CONTRADICTION.key &&
    textAt(expression, 'operator') === CONTRADICTION.operator
  );
}

/** The facts of a plan with their hash, which names the plan. */
export type FactedPlan = { readonly facts: readonly string[]; readonly hash: string };

/** The most characters of facts that an object keeps: all of its annotations share 256 KiB (LEASE-13). */
const FACTS_LIMIT = 65_536;

/**
 * The plan of a grant as a request for it (GRANT-30): the same objects, the policies selecting nobody, the leases ending
 * when nobody approved in time. The maximum leaves room for the wait, which counts toward the deadline of a Job.
 *
 * @param pending how long it waits, seconds
 */
export function asRequest(
  plan: Extract<GrantPlan, { ok: true }>,
  request: AskedPath & Pick<GrantRequest, 'seconds'>,
  { facts, hash }: FactedPlan,
  { pending, maxSeconds, requester }: RequestTimes,
): Extract<GrantPlan, { ok: true }> {
  const shared = { [NOTE.asked]: formatDuration(request.seconds), [NOTE.plan]: hash };
  const kept = JSON.stringify(facts);
  const window = formatAnnounced({ seconds: pending, most: pending + maxSeconds, by: requester });
  const own = {
    [NOTE.request]: formatAskedPath(request),
    [NOTE.window]: window,
    ...(kept.length > FACTS_LIMIT ? {} : { [NOTE.planFacts]: kept }),
  };
  const halves = plan.halves.map((half) => ({
    ...half,
    lease: withSpec(noted(half.lease, { ...shared, ...own }), { activeDeadlineSeconds: pending }),
    policy: { ...noted(half.policy, shared), spec: pendingSpec(half.policy.spec) },
  }));
  return { ...plan, seconds: pending, halves };
}

/** The deadline of a lease whose window is to start now, seconds: the clock of a Job can't be started again (LEASE-7). */
export function approvalSeconds(start: number, now: number, asked: number): number {
  return Math.max(0, Math.ceil((now - start) / 1_000)) + asked;
}

/** How long a request waits and how long a grant may be, seconds; and who asks. */
export type RequestTimes = {
  readonly pending: number;
  readonly maxSeconds: number;
  readonly requester: string;
};

/** The plan of a grant that is made without the approval it needs: each object says why (GRANT-35). */
export function withBreakGlass(
  plan: Extract<GrantPlan, { ok: true }>,
  why: string,
): Extract<GrantPlan, { ok: true }> {
  const marked = (object: ApiObject) => noted(object, { [NOTE.breakGlass]: why });
  return {
    ...plan,
    halves: plan.halves.map((half) => ({
      ...half,
      lease: marked(half.lease),
      policy: marked(half.policy),
    })),
  };
}

function noted(object: ApiObject, annotations: Readonly<Record<string, string>>): ApiObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}

function withSpec(object: ApiObject, change: Readonly<Record<string, unknown>>): ApiObject {
  return { ...object, spec: { ...(isRecord(object.spec) ? object.spec : {}), ...change } };
}

/**
 * What waits, of the objects of one grant; undefined if nothing does: it is open, or never needed an approval. Anybody may
 * have edited the marks, so that only the selectors decide whether it opens anything.
 */
export function waitingOf(policies: readonly ApiObject[], leases: readonly ApiObject[]): Waiting | undefined {
  if (policies.some((policy) => !isPending(policy))) return undefined;
  const notes = { ...policies[0]?.metadata.annotations, ...leases[0]?.metadata.annotations };
  const asked = notes[NOTE.asked];
  if (asked === undefined && policies.length === 0) return undefined;
  const facts = readFacts(notes[NOTE.planFacts]);
  const { [NOTE.approvedBy]: approvedBy, [NOTE.approvedPlan]: approvedPlan, [NOTE.refused]: refused } = notes;
  return {
    seconds: secondsOf(asked),
    path: readAskedPath(notes[NOTE.request]),
    plan: notes[NOTE.plan] ?? '',
    ...(facts === undefined ? {} : { facts }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(approvedPlan === undefined ? {} : { approvedPlan }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** Who approved the grant of a lease; undefined if nobody did. */
export function approvalOf({ metadata }: ApiObject): Approval | undefined {
  const notes = metadata.annotations ?? {};
  const by = notes[NOTE.approvedBy];
  if (by === undefined) return undefined;
  const time = Date.parse(notes[NOTE.approvedAt] ?? '');
  return { by, plan: notes[NOTE.approvedPlan] ?? '', at: Number.isNaN(time) ? undefined : time };
}

function secondsOf(text: string | undefined): number | undefined {
  try {
    return parseDuration(text ?? '', Number.POSITIVE_INFINITY);
  } catch {
    return undefined;
  }
}

function formatAskedPath({ source, destination, ports }: AskedPath): string {
  return JSON.stringify({ source, destination, ports: formatPorts(ports) });
}

function readAskedPath(text: string | undefined): AskedPath | undefined {
  const value = jsonOf(text);
  const [source, destination] = [endOf(at(value, 'source')), endOf(at(value, 'destination'))];
  const ports: readonly PortSpec[] = readPorts(textAt(value, 'ports') ?? '');
  if (source === undefined || destination === undefined || ports.length === 0) return undefined;
  return { source, destination, ports };
}

function endOf(value: unknown): EndRef | undefined {
  const ref = at(value, 'ref') ?? value;
  const [type, ip, cidr] = [textAt(value, 'type'), textAt(value, 'ip'), textAt(value, 'cidr')];
  const [kind, namespace, name] = [textAt(ref, 'kind'), textAt(ref, 'namespace'), textAt(ref, 'name')];
  if (type === 'ip') return ip === undefined ? undefined : { type, ip };
  if (type === 'range') return cidr === undefined ? undefined : { type, cidr };
  if (namespace === undefined || name === undefined) return undefined;
  if (type === 'pod' || type === 'service') return { type, namespace, name };
  return type !== 'workload' || kind === undefined ? undefined : { type, ref: { kind, namespace, name } };
}

function readFacts(text: string | undefined): readonly string[] | undefined {
  const value = jsonOf(text);
  if (!Array.isArray(value)) return undefined;
  return value.every((fact) => typeof fact === 'string') ? value : undefined;
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
