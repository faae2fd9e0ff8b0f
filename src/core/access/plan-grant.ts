import { nameOfEnd, targetPorts } from '../cluster/ends/ends.ts';
import type { ClusterModel } from '../cluster/model.ts';
import type { Workload } from '../cluster/objects.ts';
import type { Engine } from '../policy/decide/engine.ts';
import { explain } from '../policy/explain/explain.ts';
import type { Direction, Policy } from '../policy/model/policy.ts';
import type { Half, Verdict } from '../policy/model/verdict.ts';
import { parseNetworkPolicy } from '../policy/network-policy/parse.ts';
import { judgeEnds } from '../policy/path/judge-ends.ts';
import { pathChangesText } from '../policy/reach/change-text.ts';
import type { PathChange } from '../policy/reach/collect.ts';
import { whatIf } from '../policy/reach/what-if.ts';
import { formatDuration } from './duration.ts';
import type { GrantRequest, PortSpec } from './grant.ts';
import { type GrantNotes, leaseManifest, policyManifest } from './manifests.ts';
import type { HalfPlace } from './names.ts';
import type { GrantPlan, PlannedHalf } from './plan.ts';
import { noPods, noSuchPort, refuse, stillClosed } from './refusals.ts';
import { endsOf, peerOf, type Side, sideOf } from './sides.ts';

/** What a plan is made from. `workloads` are those of the ends, as far as they could be read. */
export type PlanInput = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly request: GrantRequest;
  readonly id: string;
  readonly requester: string;
  readonly version: string;
  readonly workloads: readonly Workload[];
};

/**
 * Plans a grant: judges both halves of every pair as it is now, drafts a policy for each half that is closed by
 * isolation, and judges everything again with the drafts in force (GRANT-3). A half that is open gets no policy: one
 * would isolate its pods (GRANT-1).
 */
export function planGrant(input: PlanInput): GrantPlan {
  const { model, engine, request } = input;
  const ports = request.ports.flatMap((port) => targetPorts(model, request.destination, port));
  if (ports.length === 0) return noSuchPort(request);
  const source = sideOf(input, request.source, 'source');
  if ('ok' in source) return source;
  const destination = sideOf(input, request.destination, 'destination');
  if ('ok' in destination) return destination;

  const pairs = judgeEnds(engine, endsOf(source), endsOf(destination), ports);
  const decisions = pairs.map(({ decision }) => decision);
  const worst = decisions.find(({ verdict }) => verdict !== 'allow') ?? decisions[0];
  if (worst === undefined) return noPods(request.destination, 'destination');
  const refusal = refuse(engine, request, decisions, worst);
  if (refusal !== undefined) return refusal;

  const needs = (direction: Direction) =>
    decisions.some((decision) => decision[direction].verdict === 'deny');
  const directions = (['ingress', 'egress'] as const).filter(needs);
  const places = directions.map((direction) => ({
    direction,
    namespace: subjectOf(direction, source, destination).selection.namespace,
  }));
  const notes = notesOf(input, ports, places);
  const halves = directions.map((direction) => draft(notes, direction, source, destination, request.seconds));
  const drafts = halves.map(({ policy }) => parseNetworkPolicy(policy));
  return outcome(input, { source, destination, ports, halves, drafts, before: explain(engine, worst) });
}

type Drafted = {
  readonly source: Side;
  readonly destination: Side;
  readonly ports: readonly PortSpec[];
  readonly halves: readonly PlannedHalf[];
  readonly drafts: readonly Policy[];
  readonly before: Verdict;
};

function outcome(input: PlanInput, drafted: Drafted): GrantPlan {
  const { engine, request } = input;
  const { source, destination, ports, drafts, halves, before } = drafted;
  const effect = whatIf(
    engine,
    { add: drafts, remove: [] },
    { from: endsOf(source), to: endsOf(destination), ports },
  );
  const { opens, extra, closes, isolated } = effect;
  if (opens.length === 0) return stillClosed(before);
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
  const policy = policyManifest(notes, direction, subject.selection, peerOf(peer));
  const namespace = subject.selection.namespace;
  return { direction, namespace, policy, lease: leaseManifest(notes, direction, namespace, seconds) };
}

/** The end whose policies decide a half. */
function subjectOf(direction: Direction, source: Side, destination: Side): Side & { readonly type: 'pods' } {
  const subject = direction === 'ingress' ? destination : source;
  if (subject.type === 'ip') throw new Error('a half whose end is no pod is never denied');
  return subject;
}

function notesOf(input: PlanInput, ports: readonly PortSpec[], halves: readonly HalfPlace[]): GrantNotes {
  const { request, id, requester, version } = input;
  return {
    id,
    requester,
    version,
    ports,
    halves,
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

function warnings(input: PlanInput, drafted: Drafted, closes: readonly PathChange[]): readonly string[] {
  const out = drafted.before.assumptions.slice(1);
  const { keepsEstablished, enforcer } = input.engine.dialect;
  if (keepsEstablished === 'yes')
    out.push(`${enforcer} keeps connections made during the window after its end`);
  if (keepsEstablished === 'unknown')
    out.push('connections made during the window may live on after its end');
  if (closes.length > 0) out.push(`what can talk now would be cut: ${pathChangesText(closes, 3)}`);
  if (drafted.source.type === 'ip' || drafted.destination.type === 'ip') {
    out.push('an address is allowed, whoever holds it during the window');
  }
  if (input.request.seconds < 10)
    out.push(`a window of ${formatDuration(input.request.seconds)} may end before the first packet`);
  return out;
}
