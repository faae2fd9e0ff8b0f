import type { EndRef, Pod, PortSpec } from '../cluster/cluster.ts';
import { formatDuration } from '../common/common.ts';
import type { Engine, PathDecision } from '../policy/decide/decide.ts';
import { cannotOpen, explain, summarize } from '../policy/explain/explain.ts';
import { parseNetworkPolicy } from '../policy/kinds/kinds.ts';
import type { Direction, End, Half, Policy, Verdict } from '../policy/model/model.ts';
import { judgeEnds, nameOfEnd, podsOfEnd, targetPorts } from '../policy/path/path.ts';
import { type PathChange, pathChangesText, whatIf } from '../policy/reach/reach.ts';
import type { GrantRequest } from './grant.ts';
import { type GrantNotes, leaseManifest, type PeerSelection, policyManifest } from './grant-manifests.ts';
import { formatPorts, type HalfPlace } from './names.ts';
import type { GrantPlan, PlanInput, PlannedHalf } from './plan.ts';
import { type Selection, selectPods } from './selection.ts';

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

/** One end of the grant: the pods picked and what selects them, or an address. */
type Side =
  | { readonly type: 'pods'; readonly pods: readonly Pod[]; readonly selection: Selection }
  | { readonly type: 'ip'; readonly ip: string };

/** Resolves an end: its pods and the labels that select them, or why it can be no end of a grant. */
function sideOf(input: PlanInput, end: EndRef, role: 'source' | 'destination'): Side | Refusal {
  const { model, engine, workloads } = input;
  if (end.type === 'ip') {
    const pod = model.podAt(end.ip);
    if (pod === undefined) return { type: 'ip', ip: end.ip };
    return sideOf(input, { type: 'pod', namespace: pod.namespace, name: pod.name }, role);
  }
  const pods = podsOfEnd(model, end);
  if (pods.length === 0) return noPods(end, role);
  const workload =
    end.type === 'workload'
      ? workloads.find(
          ({ kind, namespace, name }) =>
            kind === end.ref.kind && namespace === end.ref.namespace && name === end.ref.name,
        )
      : undefined;
  const neighbours = [...model.podsIn(pods[0]?.namespace ?? '')].filter(selectable);
  const selection = selectPods(pods, neighbours, engine.dialect, workload);
  if (selection === undefined) {
    return refusal(
      'cannot-open',
      `The pods of ${nameOfEnd(end)} share no label that a policy could select them by.`,
      'Give them a label of their own, such as app.',
    );
  }
  if (end.type === 'pod' && selection.matched.length > pods.length) {
    const others = selection.matched.filter((pod) => pod.name !== end.name).map(({ name }) => name);
    return refusal(
      'cannot-open',
      `No label tells ${end.name} from ${list(others)}.`,
      'Grant the whole workload, or label the pod.',
    );
  }
  return { type: 'pods', pods, selection };
}

/** Whether policies select the pod at all: finished and host-network pods are out (NP-29, NP-32). */
function selectable(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** The side as the other side's policy names it. */
function peerOf(side: Side): PeerSelection {
  if (side.type === 'ip') return side;
  return { type: 'pods', namespace: side.selection.namespace, selector: side.selection.selector };
}

/** The ends that were meant: each pod, or the address. */
function endsOf(side: Side): readonly End[] {
  return side.type === 'ip' ? [{ type: 'ip', ip: side.ip }] : side.pods.map((pod) => ({ type: 'pod', pod }));
}

function list(names: readonly string[]): string {
  return names.length <= 2
    ? names.join(' and ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

/** A plan that is none, and why. */
type Refusal = Extract<GrantPlan, { ok: false }>;

/** Why a path is not granted: already open, closed by what no NetworkPolicy overrides, or not known (GRANT-2). */
function refuse(
  engine: Engine,
  request: GrantRequest,
  pairs: readonly PathDecision[],
  worst: PathDecision,
): Refusal | undefined {
  const path = `${nameOfEnd(request.source)} to ${nameOfEnd(request.destination)}`;
  if (worst.verdict === 'allow') {
    const { egress, ingress } = summarize(engine.world, worst);
    return {
      ...refusal(
        'already-open',
        `The path from ${path} ${formatPorts(request.ports)} is already open: its end would revoke nothing.`,
        `Egress: ${egress.summary}. Ingress: ${ingress.summary}.`,
      ),
      before: explain(engine, worst),
    };
  }
  for (const pair of pairs) {
    const [blocker] = [...cannotOpen(engine.world, pair.egress), ...cannotOpen(engine.world, pair.ingress)];
    if (blocker !== undefined) {
      return {
        ...refusal(
          'cannot-open',
          `A NetworkPolicy can't open ${path}: ${blocker.replace(/\.$/, '')}.`,
          'Ask the owner of what blocks it.',
        ),
        before: explain(engine, pair),
      };
    }
  }
  if (!pairs.some(({ egress, ingress }) => egress.verdict === 'deny' || ingress.verdict === 'deny')) {
    const before = explain(engine, worst);
    return {
      ...refusal(
        'cannot-open',
        `Whether ${path} is closed can't be known: ${undecided(before)}.`,
        'Try the path from the source pod first.',
      ),
      before,
    };
  }
  return undefined;
}

function undecided(verdict: Verdict): string {
  return (
    [verdict.egress, verdict.ingress].find((half) => half.verdict === 'undecidable')?.summary ??
    verdict.assumptions.join('; ')
  );
}

/** An end without running pods. */
function noPods(end: EndRef, role: 'source' | 'destination'): Refusal {
  return refusal(
    role === 'source' ? 'no-source' : 'no-destination',
    `${nameOfEnd(end)} has no running pods, so there is no ${role}.`,
    'Check the name and the namespace, or wait until its pods run.',
  );
}

/** A port that the destination does not serve. */
function noSuchPort(request: GrantRequest): Refusal {
  return refusal(
    'invalid',
    `${nameOfEnd(request.destination)} has no port ${formatPorts(request.ports)}.`,
    'Name a port that the destination serves.',
  );
}

/** Drafts that would not do: something else decides the path. */
function stillClosed(before: Verdict): Refusal {
  return {
    ...refusal(
      'cannot-open',
      'The drafted policies would not open the path.',
      'See explain for what else decides it.',
    ),
    before,
  };
}

/** A plan that is none. */
function refusal(reason: Refusal['reason'], message: string, hint: string): Refusal {
  return { ok: false, reason, message, hint };
}
