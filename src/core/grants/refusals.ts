import type { EndRef } from '../cluster/cluster.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { cannotOpen, causeOf } from '../policy/explain/explain.ts';
import type { Dialect } from '../policy/match/match.ts';
import type { Decision, Verdict } from '../policy/model/model.ts';
import {
  answerOf,
  type Cell,
  type Judgement,
  nameOfEnd,
  partsBy,
  partText,
  summarized,
} from '../policy/path/path.ts';
import type { GrantRequest } from './grant.ts';
import { formatPorts, MOST_LISTED } from './names.ts';
import type { GrantPlan } from './plan.ts';

/** A refused plan and why. */
export type Refusal = Extract<GrantPlan, { ok: false }>;

/** What a policy could do for one pair of pods. `itself`: a pod through its own Service, which grants don't cover. */
type Fate = 'open' | 'closed' | 'unknown' | 'itself' | 'blocked';

/** The order in which fates are reported. */
const FATES: readonly Fate[] = ['open', 'closed', 'unknown', 'itself', 'blocked'];

/** What a grant could do for the pairs of its ends: for each fate, the parts that have it and why. */
export type Fates = ReadonlyMap<Fate, { readonly parts: readonly string[]; readonly why: string }>;

/** The fates of all pairs on every port, from the evaluated paths; `parts` is filled only if fates differ. */
export function fatesOf(engine: Engine, judgements: readonly Judgement[]): Fates {
  const found = new Map<Fate, { readonly parts: string[]; readonly why: string }>();
  const fateOf = (cell: Cell) => fate(engine, cell);
  for (const cell of judgements.flatMap(({ cells }) => cells)) {
    const mark = fateOf(cell);
    if (!found.has(mark)) found.set(mark, { parts: [], why: whyOf(engine, cell) });
  }
  for (const { cells, source, destination, from, to } of found.size < 2 ? [] : judgements) {
    const marked = partsBy(engine.world, cells, source, destination, fateOf);
    const parts = marked.map(({ part }) => part);
    for (const { mark, part } of marked) found.get(mark)?.parts.push(partText({ from, to, parts }, part));
  }
  return new Map([...found].sort(([a], [b]) => FATES.indexOf(a) - FATES.indexOf(b)));
}

function fate({ world }: Engine, { decision, query }: Cell): Fate {
  const { verdict, egress, ingress } = decision;
  if (verdict === 'allow') return 'open';
  if (query.viaService === true) return 'itself';
  if (cannotOpen(world, egress).length + cannotOpen(world, ingress).length > 0) return 'blocked';
  return egress.verdict === 'deny' || ingress.verdict === 'deny' ? 'closed' : 'unknown';
}

function whyOf({ world }: Engine, { decision }: Cell): string {
  const [blocker] = [...cannotOpen(world, decision.egress), ...cannotOpen(world, decision.ingress)];
  return blocker?.replace(/\.$/, '') ?? causeOf(world, decision);
}

/**
 * Why a path is not granted: already open, closed by something that a NetworkPolicy can't override, or undecidable
 * (GRANT-2); if its pods differ, which is which. `worst` is reported if there is just one reason.
 */
export function refuse(
  engine: Engine,
  request: GrantRequest,
  fates: Fates,
  worst: Judgement,
): Refusal | undefined {
  // If only one of several members is meant, it is enough that some can be opened.
  const isBlocked = fates.has('blocked') && worst.oneOf === undefined;
  if (fates.has('closed') && !isBlocked) return undefined;
  return { ...why(engine, request, fates, worst), before: answerOf(engine, worst).verdict };
}

function why(engine: Engine, request: GrantRequest, fates: Fates, worst: Judgement): Refusal {
  const path = `${nameOfEnd(request.source)} to ${nameOfEnd(request.destination)}`;
  if (fates.size > 1) return refusal('cannot-open', differing(path, partTexts(fates)), restHint(fates));
  const { egress, ingress } = summarized(engine, worst);
  const [[only, reason] = []] = fates;
  switch (only) {
    case 'open':
      return refusal(
        'already-open',
        `The path from ${path} ${formatPorts(request.ports)} is already open: ending a grant would not close it.`,
        `Egress: ${egress.summary}. Ingress: ${ingress.summary}.`,
      );
    case 'blocked':
      return refusal(
        'cannot-open',
        `A NetworkPolicy can't open ${path}: ${reason?.why}.`,
        'Ask the owner of the policy that blocks it.',
      );
    case 'itself':
      return refusal(
        'cannot-open',
        `The path from ${path} is from a pod to itself, which a grant cannot open: ${reason?.why}.`,
        'Edit a policy of the pod to admit its own labels.',
      );
    default:
      if ([egress, ingress].some(({ l7 }) => l7 !== undefined) && isOpen(egress) && isOpen(ingress)) {
        return refusal(
          'cannot-open',
          `The path from ${path} ${formatPorts(request.ports)} is open at L4, and a proxy decides on each request: ${reason?.why}.`,
          'Edit the L7 rules of that policy: a grant does not change what the proxy admits.',
        );
      }
      return refusal(
        'cannot-open',
        `Unable to tell whether ${path} is closed: ${reason?.why ?? 'unknown'}.`,
        'Test the path from the source pod first.',
      );
  }
}

function isOpen({ verdict }: { readonly verdict: Decision }): boolean {
  return verdict === 'allow';
}

function differing(path: string, parts: readonly string[]): string {
  return `The path from ${path} ${parts.join('; it ')}.`;
}

/** Describes each part of a path whose pods differ: `is already open for shop/web-0 80/tcp`. */
export function partTexts(fates: Fates, can = CAN): readonly string[] {
  return Array.from(fates, ([fate, { parts, why }]) => fateText(fate, several(parts), why, can));
}

const CAN = ', which a NetworkPolicy can open';

function fateText(fate: Fate, parts: string, why: string, can: string): string {
  switch (fate) {
    case 'open':
      return `is already open for ${parts}`;
    case 'closed':
      return `is closed for ${parts}${can}`;
    case 'unknown':
      return `may be open or closed for ${parts}: ${why}`;
    case 'itself':
      return `is from a pod to itself for ${parts}, which a grant cannot open: ${why}`;
    case 'blocked':
      return `cannot be opened by a NetworkPolicy for ${parts}: ${why}`;
  }
}

function several(parts: readonly string[]): string {
  return parts.length <= 3
    ? parts.join(', ')
    : `${parts.slice(0, 2).join(', ')} and ${parts.length - 2} more parts`;
}

function restHint(fates: Fates): string {
  if (fates.has('closed'))
    return 'Grant the closed part alone, or ask the owner of the policy that blocks the rest.';
  if (fates.has('blocked'))
    return 'What is open needs no grant; ask the owner of the policy that blocks the rest.';
  return 'What is open needs no grant; test the rest from the source pod first.';
}

/** The refusal for an end without running pods. */
export function noPods(end: EndRef, role: 'source' | 'destination'): Refusal {
  return refusal(
    role === 'source' ? 'no-source' : 'no-destination',
    `${nameOfEnd(end)} has no running pods, so there is no ${role}.`,
    'Check the name and namespace, or wait until its pods are running.',
  );
}

/** The refusal for a path between addresses alone, which no policy decides. */
export function noPodAtAll({ source, destination }: GrantRequest): Refusal {
  return refusal(
    'invalid',
    `Neither ${nameOfEnd(source)} nor ${nameOfEnd(destination)} is a pod, so that no policy decides between them.`,
    'Name a pod, a workload or a Service as one of the ends.',
  );
}

/** The refusal for more ports than a policy lists, where a range may not count. */
export function tooManyListed({ ports }: GrantRequest, count: number, { enforcer }: Dialect): Refusal {
  const who = enforcer === 'unknown' || enforcer === 'none' ? 'the enforcer' : enforcer;
  return refusal(
    'invalid',
    `${formatPorts(ports)} is ${count} ports, and ${who} may ignore the end of a range, so that a policy has to list each.`,
    `Use at most ${MOST_LISTED} ports.`,
  );
}

/** The refusal for a path that a grant's policies can't open, with the given reason for what stays closed. */
export function staysClosed(
  request: GrantRequest,
  fates: Fates,
  before: Verdict,
  { message, hint }: Pick<Refusal, 'message' | 'hint'>,
): Refusal {
  const path = `${nameOfEnd(request.source)} to ${nameOfEnd(request.destination)}`;
  const text = fates.size > 1 ? `${differing(path, partTexts(fates, ''))} ${message}` : message;
  return { ...refusal('cannot-open', text, hint), before };
}

/** A refused plan. */
export function refusal(reason: Refusal['reason'], message: string, hint: string): Refusal {
  return { ok: false, reason, message, hint };
}
