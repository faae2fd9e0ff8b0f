import type { EndRef, Grant, PortSpec } from '../../../core/access/grant.ts';
import { nameOfEnd } from '../../../core/cluster/ends/ends.ts';
import { SluiceError } from '../../../core/errors.ts';
import { sameJson } from '../../../core/json.ts';
import type { PathSummary } from '../../../core/policy/explain/half.ts';
import { summarizePath } from '../../../core/policy/path/judge-path.ts';
import type { Runtime } from '../../runtime.ts';
import type { Overlay, PathState } from '../../state.ts';
import type { App } from '../app.ts';
import { attemptUnderCursor, grantUnderCursor, pickedFlowEnd, portOf } from './ends.ts';
import { pathOfGrant } from './grant-path.ts';

/** The path bar: the pair that what lies over the panes is about, else the marked one, or that of the row under the cursor. */
export function shownPath(app: App): PathState {
  const runtime = app.runtime();
  return runtime === undefined ? app.state().path : judged(runtime, shownEnds(app, runtime));
}

/** The path bar as it should be after something changed; the one before, while neither its ends nor verdicts can differ. */
export function updatedPath(app: App, runtime: Runtime, verdictsMayDiffer: boolean): PathState {
  const { path } = app.state();
  const ends = shownEnds(app, runtime);
  const same = sameJson(endsIn(path), endsIn(ends));
  if (same && !verdictsMayDiffer) return path;
  const next = judged(runtime, ends);
  return sameJson(path, next) ? path : next;
}

/** A line that is typed below the panes does not cover them. */
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
  const port = portOf(line);
  const source = pickedFlowEnd(runtime.model, line.row.newest.source);
  const destination = pickedFlowEnd(runtime.model, line.row.newest.destination, port);
  return {
    ...(source === undefined ? {} : { source: source.end, sourcePod: source.pod }),
    ...(destination === undefined ? {} : { destination: destination.end, destinationPod: destination.pod }),
    ...(port === undefined ? {} : { port }),
  };
}

/** The path of a grant as the path bar tells it; undefined while nothing is connected. */
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
    problem: undefined,
  };
  if (source === undefined || destination === undefined) return named;
  if (port === undefined) return { ...named, problem: 'no port yet' };
  const verdict = judgePath(runtime, source, destination, port);
  return typeof verdict === 'string' ? { ...named, problem: verdict } : { ...named, verdict };
}

/**
 * The verdict of a path between two ends, of all their pods, in a few words: the worst there is.
 *
 * @returns the verdict, or why there is none
 */
export function judgePath(
  { model, engine }: Runtime,
  source: EndRef,
  destination: EndRef,
  { port, protocol }: PortSpec,
): PathSummary | string {
  try {
    const ports = { type: 'range', protocol, from: port, to: port } as const;
    return summarizePath({ model, engine }, source, destination, ports);
  } catch (error) {
    if (error instanceof SluiceError) return error.message.replace(/\.$/, '');
    throw error;
  }
}
