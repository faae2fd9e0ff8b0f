import { formatCountdown, formatDuration } from '../../core/common/common.ts';
import { formatPorts, type Grant, planName } from '../../core/grants/grants.ts';
import type { Review } from '../../session/session.ts';

/** For a cluster that would let whoever asks open the path alone (GRANT-36). */
export const CUSTOM =
  'Approval is a custom here: this cluster would let you open it alone.\n        sluice manifests admission --approvals makes it a lock.';

/** `15m`; `?` if the marks of a request can't be read. */
export function askedText({ waiting }: Grant): string {
  return waiting?.seconds === undefined ? '?' : formatDuration(waiting.seconds);
}

/** How long a request still waits. */
export function leftText({ window }: Grant, now: number): string {
  return window === undefined ? '?' : formatCountdown(window.end - now);
}

/** What a request asks for, the plan as it would be made now, and how it differs from the plan of the request. */
export function reviewText(review: Review, now: number): string {
  const { request, facts, hash, plan, refusal, difference, isSame, troubles } = review;
  const { id, requester, source, destination, ports, reason, ticket } = request;
  return [
    `${id}  ${requester} asks for ${source} → ${destination} :${formatPorts(ports)} for ${askedText(request)}`,
    `reason     ${[ticket, reason].filter((text) => text !== undefined).join(' ')}`,
    `waits for  ${leftText(request, now)}`,
    ...(refusal === undefined ? [] : [`refused    ${refusal.message} ${refusal.hint}`]),
    ...troubles.map((trouble) => `trouble    ${trouble}`),
    ...(plan === undefined ? [] : [`plan       ${planName(hash)}, ${sameText(review)}`]),
    ...facts.map((fact) => `  ${fact}`),
    ...(plan === undefined ? [] : plan.warnings.map((warning) => `  note: ${warning}`)),
    ...(isSame || difference === undefined
      ? []
      : [
          ...difference.gone.map((fact) => `- was     ${fact}`),
          ...difference.added.map((fact) => `+ is now  ${fact}`),
        ]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function sameText({ isSame, difference }: Review): string {
  if (isSame) return 'as it was when it was requested';
  return difference === undefined
    ? 'not the one that was requested, whose facts are not kept'
    : 'CHANGED since it was requested';
}

/** The same as JSON. */
export function reviewJson(review: Review): Readonly<Record<string, unknown>> {
  const { request, facts, hash, plan, refusal, difference, isSame, troubles } = review;
  return {
    ...requestJson(request),
    plan: plan === undefined ? undefined : { hash, same: isSame, facts, difference, warnings: plan.warnings },
    refusal,
    troubles,
  };
}

/** A request as its objects tell, as JSON. */
export function requestJson(request: Grant): Readonly<Record<string, unknown>> {
  const { id, source, destination, ports, requester, reason, ticket, window, waiting, halves } = request;
  return {
    id,
    source,
    destination,
    ports: formatPorts(ports),
    requester,
    reason,
    ticket,
    asked: waiting?.seconds,
    requestedPlan: waiting?.plan,
    until: window === undefined ? undefined : new Date(window.end).toISOString(),
    halves,
  };
}
