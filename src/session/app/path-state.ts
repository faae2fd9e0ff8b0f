import type { EndRef, PortSpec } from '../../core/access/grant.ts';
import { nameOfEnd, podsOfEnd, targetPorts } from '../../core/cluster/ends.ts';
import type { End, Verdict } from '../../core/policy/verdict.ts';
import type { Runtime } from '../runtime.ts';
import type { PathState } from '../state.ts';
import type { App } from './app.ts';
import { attemptUnderCursor, pickedFlowEnd, portOf } from './ends.ts';

/** How many pairs of a path are judged for the path bar; replicas of one workload nearly always agree. */
const ENOUGH = 64;

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
 * The verdict of a path between two ends: the worst of its pairs of pods (deny, then undecidable, then allow).
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
  let worst: Verdict | undefined;
  let judgedPairs = 0;
  for (const a of from) {
    for (const b of to) {
      for (const { port: number, protocol } of ports) {
        const verdict = engine.evaluate({ from: a, to: b, port: number, protocol });
        if (worst === undefined || RANK[verdict.verdict] > RANK[worst.verdict]) worst = verdict;
        judgedPairs += 1;
        if (worst.verdict === 'deny' || judgedPairs >= ENOUGH) return worst;
      }
    }
  }
  return worst ?? 'nothing to judge';

  function endsOf(end: EndRef): readonly End[] {
    if (end.type !== 'ip') return podsOfEnd(model, end).map((pod) => ({ type: 'pod', pod }));
    const pod = model.podAt(end.ip);
    return [pod === undefined ? { type: 'ip', ip: end.ip } : { type: 'pod', pod }];
  }
}

const RANK = { allow: 0, undecidable: 1, deny: 2 } as const;
