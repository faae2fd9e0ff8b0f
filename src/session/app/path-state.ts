import { type EndRef, isLive, type Pod, parseCidr, parseIp } from '../../core/cluster/cluster.ts';
import { sameJson } from '../../core/common/common.ts';
import { type Grant, namespacesOf } from '../../core/grants/grants.ts';
import { matchPods } from '../../core/policy/match/match.ts';
import type { Policy } from '../../core/policy/model/model.ts';
import { isInPart, nameOfEnd, summarized } from '../../core/policy/path/path.ts';
import { judgedOn, seenPort } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { GrantEnds, GrantForm, Overlay, PathState, PodName } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { attemptUnderCursor, endOfPod, grantUnderCursor, pickedFlowEnd } from './picked-ends.ts';

/** The path in view: the pair of the open overlay, else the marked one, else that of the row under the cursor. */
export function shownPath(app: App): PathState {
  const runtime = app.runtime();
  return runtime === undefined ? app.state().path : judged(runtime, shownEnds(app, runtime));
}

/** The path in view after a change; the old object if neither its ends nor its verdict can differ. */
export function updatedPath(app: App, runtime: Runtime, verdictsMayDiffer: boolean): PathState {
  const { path } = app.state();
  const ends = shownEnds(app, runtime);
  const same = sameJson(endsIn(path), endsIn(ends));
  if (same && !verdictsMayDiffer) return path;
  const next = judged(runtime, ends);
  return sameJson(path, next) ? path : next;
}

/** The command and filter lines are below the panes, so they don't cover them. */
function coversPanes({ type }: Overlay): boolean {
  return type !== 'none' && type !== 'filter' && type !== 'command';
}

function endsIn({ source, destination, port, sourcePod, destinationPod, marked }: PathState) {
  return { source, destination, port, sourcePod, destinationPod, marked };
}

function shownEnds(app: App, runtime: Runtime): PathState {
  const { path, overlay } = app.state();
  if (coversPanes(overlay)) return path;
  if (path.marked === true && (path.source !== undefined || path.destination !== undefined)) return path;
  const grant = grantUnderCursor(app.state(), app.visibleRows);
  if (grant !== undefined) return pathOfGrant(runtime, grant);
  const line = attemptUnderCursor(app.state(), app.visibleRows);
  if (line === undefined) return {};
  const port = seenPort(line.row);
  const source = pickedFlowEnd(runtime.model, line.row.newest.source);
  const destination = pickedFlowEnd(runtime.model, line.row.newest.destination, port);
  return {
    ...(source === undefined ? {} : { source: source.end, sourcePod: source.pod }),
    ...(destination === undefined ? {} : { destination: destination.end, destinationPod: destination.pod }),
    port,
  };
}

/** The path of a grant as the path in view; undefined while not connected. */
export function grantPath(app: App, grant: Grant): PathState | undefined {
  const runtime = app.runtime();
  return runtime === undefined ? undefined : judged(runtime, pathOfGrant(runtime, grant));
}

/** The path with names and verdict. */
export function judged(runtime: Runtime, path: PathState): PathState {
  const { source, destination, port } = path;
  const named: PathState = {
    ...path,
    ...(source === undefined ? {} : { sourceName: nameOfEnd(source) }),
    ...(destination === undefined ? {} : { destinationName: nameOfEnd(destination) }),
    verdict: undefined,
    inPart: undefined,
    problem: undefined,
  };
  if (source === undefined || destination === undefined) return { ...named, problem: path.problem };
  if (port === undefined) return { ...named, problem: 'no port yet' };
  const judgement = judgedOn(runtime, { ...judgedEnds(path, { source, destination }), port });
  if (judgement instanceof Error) return { ...named, problem: judgement.message.replace(/\.$/, '') };
  return { ...named, verdict: summarized(runtime.engine, judgement), inPart: isInPart(judgement) };
}

/** The path of the pair in the form; the pods that were seen stand for its ends only while it has those. */
export function pathOfForm(runtime: Runtime, path: PathState, { ends, ports }: GrantForm): PathState {
  const [source, destination] = [ends.from?.end, ends.to?.end];
  const missing = source === undefined ? 'source' : destination === undefined ? 'destination' : undefined;
  return judged(runtime, {
    ...(path.marked === true ? { marked: true } : {}),
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...(sameJson(source, path.source) ? { sourcePod: path.sourcePod } : {}),
    ...(sameJson(destination, path.destination) ? { destinationPod: path.destinationPod } : {}),
    port: ports?.[0],
    ...(missing === undefined ? {} : { problem: `${missing} not known yet` }),
  });
}

type Ends = { readonly source: EndRef; readonly destination: EndRef };

/** The ends to judge: those that were marked, or the pods seen in an attempt. */
export function judgedEnds(
  { marked, sourcePod, destinationPod }: PathState,
  { source, destination }: Ends,
): Ends {
  if (marked === true) return { source, destination };
  return { source: ofPod(sourcePod) ?? source, destination: ofPod(destinationPod) ?? destination };
}

function ofPod(pod: PodName | undefined): EndRef | undefined {
  return pod === undefined ? undefined : { type: 'pod', ...pod };
}

/**
 * The ends of a grant. A grant only has the names of its ends; the workloads are found by its policies while they
 * exist, afterwards by name alone, preferring the namespaces of its policies.
 */
export function endsOfGrant(runtime: Runtime, grant: Grant): GrantEnds {
  const source = endNamed(runtime, grant, 'source');
  const destination = endNamed(runtime, grant, 'destination');
  return { source, destination, ports: grant.ports };
}

function pathOfGrant(runtime: Runtime, grant: Grant): PathState {
  const { ports, ...ends } = endsOfGrant(runtime, grant);
  return { sourceName: grant.source, destinationName: grant.destination, ...ends, port: ports[0] };
}

type Role = 'source' | 'destination';

function endNamed({ model, engine }: Runtime, grant: Grant, role: Role): EndRef | undefined {
  const name = grant[role];
  if (parseIp(name) !== undefined) return { type: 'ip', ip: name };
  if (parseCidr(name) !== undefined) return { type: 'range', cidr: name };
  const [own, other] =
    role === 'source' ? (['egress', 'ingress'] as const) : (['ingress', 'egress'] as const);
  const home = grant.halves.find((half) => half.direction === own)?.namespace;
  const admitting = runtimePolicy(model, grant, other);
  if (name.startsWith('svc/')) {
    const service = name.slice(4);
    const named = admitting === undefined ? [] : namespacesOf([admitting]).slice(1);
    const there = named.find((namespace) => model.service(namespace, service) !== undefined);
    const namespace = home ?? there ?? grant.halves[0]?.namespace;
    return namespace === undefined ? undefined : { type: 'service', namespace, name: service };
  }
  const named = Array.from(model.pods()).filter(
    (pod) => isLive(pod) && (pod.owner?.name === name || pod.name === name),
  );
  const peers = peersOf(admitting, other);
  const pod =
    named.find(({ namespace }) => namespace === home) ??
    named.find((one) => peers.some((peer) => matchPods(engine.world, peer, one) === 'yes')) ??
    named.find(({ namespace }) => namespace === grant.halves[0]?.namespace) ??
    named[0];
  return pod === undefined ? undefined : endAs(pod, name);
}

/** The pod or its workload, whichever the grant named. */
function endAs(pod: Pod, name: string): EndRef {
  return pod.name === name ? { type: 'pod', namespace: pod.namespace, name } : endOfPod(pod);
}

function runtimePolicy(
  model: Runtime['model'],
  { halves }: Grant,
  direction: 'ingress' | 'egress',
): Policy | undefined {
  const half = halves.find((one) => one.direction === direction);
  return half?.policy === undefined
    ? undefined
    : model.policy('NetworkPolicy', half.namespace, half.policy.name);
}

function peersOf(policy: Policy | undefined, direction: 'ingress' | 'egress') {
  return (policy?.[direction] ?? []).flatMap(({ peers }) =>
    peers === 'any' ? [] : peers.filter((peer) => peer.type === 'pods'),
  );
}
