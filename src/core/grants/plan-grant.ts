import { addressCount, type Pod, type PortSpec } from '../cluster/cluster.ts';
import { formatDuration } from '../common/common.ts';
import { engineLike } from '../policy/decide/decide.ts';
import { foreignText } from '../policy/explain/explain.ts';
import { parseNetworkPolicy } from '../policy/kinds/kinds.ts';
import type { Direction, Half, Policy, Verdict } from '../policy/model/model.ts';
import { answerOf, type Judgement, judgePath, nameOfEnd, worstPath } from '../policy/path/path.ts';
import { type PathChange, pathChangesText, whatIf } from '../policy/reach/reach.ts';
import { type GrantNotes, leaseManifest, policyManifest } from './grant-manifests.ts';
import { lookupNote } from './lookup.ts';
import { type HalfPlace, MOST_LISTED, portRuns } from './names.ts';
import type { GrantPlan, PlanInput, PlannedHalf } from './plan.ts';
import {
  type Fates,
  fatesOf,
  noPodAtAll,
  noPods,
  partTexts,
  type Refusal,
  refuse,
  staysClosed,
  tooManyListed,
} from './refusals.ts';
import {
  type Aim,
  aimOf,
  endsOf,
  isOutside,
  isWide,
  meantBy,
  onlyPodNote,
  peerOf,
  type Side,
  sideOf,
} from './sides.ts';

/**
 * Plans a grant: evaluates both halves of every pair as they are now, drafts a policy for each half that is closed by
 * isolation, and evaluates everything again with the drafts in force (GRANT-3). An open half gets no policy, because
 * one would isolate its pods (GRANT-1).
 */
export function planGrant(asked: PlanInput): GrantPlan {
  const plan = planOver(asked);
  return plan.ok || plan.reason !== 'cannot-open' ? plan : (planBesideForeign(asked, plan) ?? plan);
}

/** Where only policies that are not evaluated stand in the way: the plan as if they did not concern the path. */
function planBesideForeign(asked: PlanInput, refused: Refusal): GrantPlan | undefined {
  const { engine, model } = asked;
  if (engine.foreign.length === 0 || refused.before === undefined) return undefined;
  const plan = planOver({ ...asked, engine: engineLike(engine, model, []) });
  if (!plan.ok) return undefined;
  const namespaces = new Set(plan.opens.flatMap(({ from, to }) => [from.namespace, to.namespace]));
  const applying = engine.foreign.filter(
    ({ namespace }) => namespace === undefined || namespaces.has(namespace),
  );
  return {
    ...plan,
    before: refused.before,
    unjudged: applying.map(foreignText),
    after: `as far as evaluated policies tell, ${plan.after}`,
  };
}

function planOver(asked: PlanInput): GrantPlan {
  const input = { ...asked, request: meantBy(asked) };
  const { model, engine, request } = input;
  const aim = aimOf(input);
  if ('ok' in aim) return aim;
  const { ports, side: destination } = aim;
  if (engine.dialect.endPort !== 'yes' && ports.length > MOST_LISTED)
    return tooManyListed(request, ports.length, engine.dialect);
  if (isOutside(model, request.source) && isOutside(model, request.destination)) return noPodAtAll(request);
  const source = sideOf(input, request.source, 'source');
  if ('ok' in source && source.reason !== 'cannot-open') return source;
  if ('ok' in destination && destination.reason !== 'cannot-open') return destination;

  const judgements = portRuns(request.ports).map((run) =>
    judgePath(input, request.source, request.destination, { type: 'range', ...run }),
  );
  const worst = worstPath(judgements);
  if (worst === undefined) return noPods(request.destination, 'destination');
  const fates = fatesOf(engine, judgements);
  const refusal = refuse(engine, request, fates, worst);
  if (refusal !== undefined) return refusal;
  // Pods that no policy can select still have open or closed paths: report that first.
  const before = answerOf(engine, worst).verdict;
  if ('ok' in source) return staysClosed(request, fates, before, source);
  if ('ok' in destination) return staysClosed(request, fates, before, destination);

  const decisions = judgements.flatMap(({ cells }) => cells.map(({ decision }) => decision));
  const needs = (direction: Direction) =>
    decisions.some((decision) => decision[direction].verdict === 'deny');
  const directions = (['ingress', 'egress'] as const).filter(needs);
  const places = directions.map((direction) => ({
    direction,
    namespace: subjectOf(direction, source, destination).selection.namespace,
  }));
  const pods = { source: matchedBy(source), destination: matchedBy(destination) };
  const notes: GrantNotes = { ...notesOf(input, ports, places), pods };
  const halves = directions.map((direction) => draft(notes, direction, source, destination, request.seconds));
  const drafts = halves.map(({ policy }) => parseNetworkPolicy(policy));
  const lookup = lookupNote(engine, request, source);
  const remarks = [
    ...new Set(judgements.flatMap((judgement) => judgement.notes)),
    ...(lookup === undefined ? [] : [lookup]),
    ...[onlyPodNote(source, request.source), onlyPodNote(destination, request.destination)].filter(
      (note) => note !== undefined,
    ),
  ];
  return outcome(input, {
    ...aim,
    source,
    destination,
    halves,
    drafts,
    fates,
    worst,
    before,
    notes: remarks,
  });
}

const NOT_OPENED = {
  message: 'The drafted policies would not open the path.',
  hint: 'Run explain to see what else blocks it.',
};

type Drafted = Pick<Aim, 'ports' | 'byPod'> & {
  readonly source: Side;
  readonly destination: Side;
  readonly halves: readonly PlannedHalf[];
  readonly drafts: readonly Policy[];
  readonly fates: Fates;
  /** The result reported for the current path. */
  readonly worst: Judgement;
  readonly before: Verdict;
  /** Remarks on the ends. */
  readonly notes: readonly string[];
};

function outcome(input: PlanInput, drafted: Drafted): GrantPlan {
  const { engine, request } = input;
  const { source, destination, ports, byPod, drafts, halves, fates, before } = drafted;
  const effect = whatIf(
    engine,
    { add: drafts, remove: [] },
    { from: endsOf(source), to: endsOf(destination), ports, ...(byPod === undefined ? {} : { byPod }) },
  );
  const { opens, extra, closes, isolated } = effect;
  if (opens.length === 0) return staysClosed(request, fates, before, NOT_OPENED);
  return {
    ok: true,
    id: input.id,
    source: nameOfEnd(request.source),
    destination: nameOfEnd(request.destination),
    ports,
    seconds: request.seconds,
    before,
    halves,
    opens,
    extra,
    closes,
    isolates: isolated,
    unjudged: [],
    wide: [source, destination].flatMap((side) =>
      side.type === 'addresses' && isWide(side.cidr) ? [side.cidr] : [],
    ),
    after: afterwards(before),
    warnings: warnings(input, drafted, closes),
  };
}

function draft(
  notes: GrantNotes,
  direction: Direction,
  source: Side,
  destination: Side,
  seconds: number,
): PlannedHalf {
  const subject = subjectOf(direction, source, destination);
  const peer = direction === 'ingress' ? source : destination;
  const { namespace, selector } = subject.selection;
  const whom = peerOf(peer);
  const policy = policyManifest(notes, direction, subject.selection, whom);
  const lease = leaseManifest(notes, direction, policy, seconds);
  return { direction, namespace, policy, lease, subject: selector, peer: whom };
}

/** The end whose policies decide a half. */
function subjectOf(direction: Direction, source: Side, destination: Side): Side & { readonly type: 'pods' } {
  const subject = direction === 'ingress' ? destination : source;
  if (subject.type === 'addresses') throw new Error('a half whose end is not a pod is never denied');
  return subject;
}

/** The pods that an end selects, which may be more than were picked. */
function matchedBy(side: Side): readonly Pod[] {
  return side.type === 'addresses' ? [] : side.selection.matched;
}

function notesOf(
  input: PlanInput,
  ports: readonly PortSpec[],
  halves: readonly HalfPlace[],
): Omit<GrantNotes, 'pods'> {
  const { engine, request, id, requester, version, maxSeconds: most } = input;
  return {
    id,
    requester,
    version,
    ports,
    ranges: engine.dialect.endPort === 'yes',
    halves,
    most,
    reason: request.reason,
    ticket: request.ticket,
    source: nameOfEnd(request.source),
    destination: nameOfEnd(request.destination),
  };
}

function afterwards(before: Verdict): string {
  const closed: readonly Half[] = [before.egress, before.ingress].filter((half) => half.verdict === 'deny');
  return `the path closes again: ${closed.map(({ summary }) => summary).join('; ')}`;
}

function warnings(
  input: PlanInput,
  { source, destination, fates, worst, before, notes }: Drafted,
  closes: readonly PathChange[],
): readonly string[] {
  const out = [...before.assumptions.slice(1), ...notes];
  const rest = new Map([...fates].filter(([fate]) => fate !== 'closed'));
  out.push(...partTexts(rest).map((text) => `the path ${text}`));
  if (worst.oneOf !== undefined) out.push(worst.oneOf);
  const blocks = [source, destination].filter((side) => side.type === 'addresses');
  const window = input.permanent === true ? '' : ' during the window';
  const whoever = blocks.map(({ name, cidr }) =>
    name === cidr
      ? `all of ${cidr} is allowed, ${addressCount(cidr)}, no matter what uses them${window}`
      : `an IP address is allowed, no matter what uses it${window}`,
  );
  if (input.permanent === true) return [...out, ...whoever];
  const { keepsEstablished, enforcer } = input.engine.dialect;
  if (keepsEstablished === 'yes')
    out.push(`${enforcer} keeps connections opened during the window alive after it ends`);
  if (keepsEstablished === 'unknown')
    out.push('connections opened during the window may stay alive after it ends');
  if (closes.length > 0) out.push(`this would cut existing paths: ${pathChangesText(closes, 3)}`);
  out.push(...whoever);
  if (input.request.seconds < 10)
    out.push(`a window of ${formatDuration(input.request.seconds)} may end before the first packet`);
  return out;
}
