import type { EndRef, PortSpec } from '../../core/access/grant.ts';
import { nameOfEnd, podsOfEnd, targetPorts } from '../../core/cluster/ends.ts';
import type { End, Query, Verdict } from '../../core/policy/verdict.ts';
import type { Runtime } from '../runtime.ts';
import type { PathState } from '../state.ts';
import type { App } from './app.ts';
import { attemptUnderCursor, pickedFlowEnd, portOf } from './ends.ts';

/** How many pairs of a path are judged at most; beyond that a sample is, and the verdict says so. */
const ENOUGH = 1_024;

/** The path bar: the marked pair, or what the attempt under the cursor tried. */
export function shownPath(app: App): PathState {
  const { path } = app.state();
  const runtime = app.runtime();
  if (runtime === undefined) return path;
  if (path.source !== undefined && path.marked === true) return judged(runtime, path);
  if (path.destination !== undefined && path.marked === true) return judged(runtime, path);
  const line = attemptUnderCursor(app.state(), app.visibleRows);
  if (line === undefined) return {};
  const port = portOf(line);
  const source = pickedFlowEnd(runtime.model, line.row.newest.source);
  const destination = pickedFlowEnd(runtime.model, line.row.newest.destination, port);
  return judged(runtime, {
    ...(source === undefined ? {} : { source: source.end, sourcePod: source.pod }),
    ...(destination === undefined ? {} : { destination: destination.end, destinationPod: destination.pod }),
    ...(port === undefined ? {} : { port }),
  });
}

/** The path with names and verdict. */
export function judged(runtime: Runtime, path: PathState): PathState {
  const { source, destination, port } = path;
  const named: PathState = {
    ...path,
    ...(source === undefined ? {} : { sourceName: nameOfEnd(source) }),
    ...(destination === undefined ? {} : { destinationName: nameOfEnd(destination) }),
    verdict: undefined,
    problem: undefined,
  };
  if (source === undefined || destination === undefined) return named;
  if (port === undefined) return { ...named, problem: 'no port yet' };
  const verdict = judgePath(runtime, source, destination, port);
  return typeof verdict === 'string' ? { ...named, problem: verdict } : { ...named, verdict };
}

/**
 * The verdict of a path between two ends: that of a pair of pods which is denied if there is one, else of the first.
 *
 * @returns the verdict, or why there is none
 */
export function judgePath(
  { model, engine }: Runtime,
  source: EndRef,
  destination: EndRef,
  port: PortSpec,
): Verdict | string {
  const from = endsOf(source);
  const to = endsOf(destination);
  if (from.length === 0) return `${nameOfEnd(source)} has no running pods`;
  if (to.length === 0) return `${nameOfEnd(destination)} has no running pods`;
  const ports = targetPorts(model, destination, port);
  if (ports.length === 0)
    return `${nameOfEnd(destination)} has no port ${port.port}/${port.protocol.toLowerCase()}`;
  const pairs = pairsOf(from, to, ports);
  const judged = pairs.length <= ENOUGH ? pairs : spread(pairs, ENOUGH);
  const denied = judged.find((pair) => {
    const { egress, ingress } = engine.decide(pair);
    return egress === 'deny' || ingress === 'deny';
  });
  const pair = denied ?? judged[0];
  if (pair === undefined) return 'nothing to judge';
  const verdict = engine.evaluate(pair);
  if (judged.length === pairs.length) return verdict;
  const sample = `${judged.length} of ${pairs.length} pairs of pods were judged`;
  return { ...verdict, assumptions: [...verdict.assumptions, sample] };

  function endsOf(end: EndRef): readonly End[] {
    if (end.type !== 'ip') return podsOfEnd(model, end).map((pod) => ({ type: 'pod', pod }));
    const pod = model.podAt(end.ip);
    return [pod === undefined ? { type: 'ip', ip: end.ip } : { type: 'pod', pod }];
  }
}

function pairsOf(from: readonly End[], to: readonly End[], ports: readonly PortSpec[]): readonly Query[] {
  return from.flatMap((a) => to.flatMap((b) => ports.map((port) => ({ from: a, to: b, ...port }))));
}

/** So many items, evenly over the whole list. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index * items.length) / count)],
  ).filter((item) => item !== undefined);
}
