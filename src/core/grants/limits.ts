import type { EndRef } from '../cluster/cluster.ts';
import { formatDuration, type Limits } from '../common/common.ts';
import type { GrantRequest } from './grant.ts';
import { NOTE_LIMIT } from './grant-manifests.ts';
import type { GrantPlan } from './plan.ts';

/** A violated limit, as a sentence and a next step; `needs`: it holds for what goes without, not for a request. */
export type Broken = { readonly message: string; readonly hint: string; readonly needs?: 'approval' };

/** The limit that a request violates; undefined if it may be planned. */
export function brokenLimit(request: GrantRequest, limits: Limits, context: string): Broken | undefined {
  const namespaces = [request.source, request.destination].flatMap((end) => namespaceOf(end) ?? []);
  const { approval } = request;
  return (
    tooLong('ticket', request.ticket ?? '') ??
    tooLong('reason', approval?.type === 'break-glass' ? approval.why : '') ??
    brokenBy({ namespaces, seconds: request.seconds, reason: request.reason }, limits, context) ??
    unapproved(request, limits, needingApproval(namespaces, limits, context))
  );
}

/** Where grants need an approval, of these namespaces and this context, in words; undefined if nowhere (GRANT-34). */
export function needingApproval(
  namespaces: readonly string[],
  { approvals }: Limits,
  context: string,
): string | undefined {
  if (approvals === undefined) return undefined;
  if (matchesAny(approvals.contexts, context)) return `context ${context}`;
  const space = namespaces.find((name) => matchesAny(approvals.namespaces, name));
  return space === undefined ? undefined : `namespace ${space}`;
}

function unapproved(
  { approval }: GrantRequest,
  { approvals }: Limits,
  where: string | undefined,
): Broken | undefined {
  if (approval?.type === 'break-glass' && approvals?.breakGlass !== true) {
    return {
      message: 'The configuration does not let anybody grant without approval.',
      hint: 'Ask for approval with sluice request, or see "approvals" in the configuration file.',
    };
  }
  if (approval !== undefined || where === undefined) return undefined;
  return {
    message: `Grants in ${where} need somebody else's approval.`,
    hint: 'Ask for it with sluice request and the same options.',
    needs: 'approval',
  };
}

/** What limits check: the namespaces of a grant, its total length with extensions in seconds, and its reason. */
export type Whole = {
  readonly namespaces: readonly string[];
  readonly seconds: number;
  readonly reason: string;
};

/** As `brokenLimit`, for extending an existing grant. */
export function brokenBy(
  { namespaces, seconds, reason }: Whole,
  limits: Limits,
  context: string,
): Broken | undefined {
  if (matchesAny(limits.protectedContexts, context)) {
    return {
      message: `Context ${context} is protected: grants are not allowed in it.`,
      hint: 'See "protected" in the configuration file.',
    };
  }
  const space = namespaces.find((name) => matchesAny(limits.protectedNamespaces, name));
  if (space !== undefined) return guarded(space);
  if (seconds > limits.maxSeconds) {
    const most = formatDuration(limits.maxSeconds);
    return {
      message: `${formatDuration(seconds)} exceeds the maximum grant duration of ${most}.`,
      hint: `Use ${most} or less.`,
    };
  }
  return brokenReason(reason, limits);
}

/** The limit that a reason violates; an empty one is a matter of whoever asks for it. */
export function brokenReason(reason: string, { reasonPattern }: Limits): Broken | undefined {
  const long = tooLong('reason', reason);
  if (long !== undefined) return long;
  if (reasonPattern !== undefined && reason !== '' && !new RegExp(reasonPattern, 'u').test(reason)) {
    return {
      message: `The reason "${reason}" does not match ${reasonPattern}.`,
      hint: 'Follow the format that your organization requires.',
    };
  }
  return undefined;
}

/** What is wrong with a text that annotations would not keep whole. */
export function tooLong(what: 'reason' | 'ticket', { length }: string): Broken | undefined {
  if (length <= NOTE_LIMIT) return undefined;
  return {
    message: `The ${what} has ${length} characters, and a grant keeps at most ${NOTE_LIMIT}.`,
    hint: 'Shorten it, or link to the rest.',
  };
}

/** As `brokenLimit`, by what the plan actually affects: an address may belong to a pod in a protected namespace. */
export function brokenByPlan(
  { halves, opens, extra }: Extract<GrantPlan, { ok: true }>,
  request: GrantRequest,
  limits: Limits,
  context: string,
): Broken | undefined {
  const opened = [...opens, ...extra].flatMap(({ from, to }) => [from, to]);
  const touched = [...halves, ...opened].flatMap((end) => ('namespace' in end ? (end.namespace ?? []) : []));
  const space = touched.find((name) => matchesAny(limits.protectedNamespaces, name));
  if (space !== undefined) return guarded(space);
  return unapproved(request, limits, needingApproval(touched, limits, context));
}

function guarded(space: string): Broken {
  return {
    message: `Namespace ${space} is protected: grants from or to it are not allowed.`,
    hint: 'See "protected" in the configuration file.',
  };
}

function namespaceOf(end: EndRef): string | undefined {
  switch (end.type) {
    case 'workload':
      return end.ref.namespace;
    case 'pod':
    case 'service':
      return end.namespace;
    case 'ip':
    case 'range':
      return undefined;
  }
}

function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 'u').test(name);
  });
}
