import {
  type AskedPorts,
  answerOf,
  explainedNames,
  nameOfEnd,
  partText,
  pathTitle,
  shownPair,
  withPrices,
} from '../../core/policy/path/path.ts';
import { judgedOn, type SeenPath, seenPath } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AttemptLine, Overlay, PathState } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { judgedEnds } from './path-state.ts';
import { attemptUnderCursor } from './picked-ends.ts';

type Explained = Omit<Extract<Overlay, { type: 'explain' }>, 'type' | 'scroll' | 'at'>;

/** Explains the marked pair, else the row under the cursor: an attempt, or the path of a grant. */
export function explain(app: App): void {
  const runtime = app.runtime();
  if (runtime === undefined) return;
  const { path } = app.state();
  const line = path.marked === true ? undefined : attemptUnderCursor(app.state(), app.visibleRows);
  const explained = line === undefined ? ofPath(runtime, path) : ofAttempt(runtime, line);
  if (explained === undefined) {
    app.notify(
      'warn',
      'Nothing to explain yet.',
      'Move to an attempt, or mark a source with s and a destination with d.',
    );
    return;
  }
  app.push({ type: 'explain', scroll: 0, at: runtime.connection.api.clock.now(), ...explained });
}

/** Explains the pair that was actually seen in an attempt. Titles name workloads, as the rows do. */
function ofAttempt(runtime: Runtime, line: AttemptLine): Explained {
  const { sourceName, destinationName, port, protocol } = line.row;
  const seen = seenPath(runtime.model, line.row);
  const explained: Partial<Explained> =
    seen === undefined
      ? { problem: 'too little is known about its ends to evaluate policies' }
      : ofEnds(runtime, seen);
  const { parts = [], names } = explained;
  return {
    ...explained,
    title: `${sourceName} → ${destinationName} :${port ?? '?'}/${protocol.toLowerCase()}`,
    names: parts.length > 0 && names !== undefined ? names : { from: sourceName, to: destinationName },
    attempt: line,
  };
}

/** Explains a path between workloads: all their pods are judged, and differences among them are shown. */
function ofPath(runtime: Runtime, path: PathState): Explained | undefined {
  const { source, destination, port } = path;
  if (source === undefined || destination === undefined || port === undefined) return undefined;
  return ofEnds(runtime, { ...judgedEnds(path, { source, destination }), port });
}

function ofEnds(runtime: Runtime, path: SeenPath): Explained {
  const { port, protocol } = path.port;
  const judgement = judgedOn(runtime, path);
  if (judgement instanceof Error) {
    const [from, to] = [nameOfEnd(path.source), nameOfEnd(path.destination)];
    return {
      title: `${from} → ${to} :${port}/${protocol.toLowerCase()}`,
      problem: `${judgement.message} ${judgement.hint}`,
    };
  }
  const ports: AskedPorts = { type: 'range', protocol, from: port, to: port };
  const answer = withPrices(runtime.engine, answerOf(runtime.engine, judgement));
  const [shown] = shownPair(answer, ports);
  return {
    title: pathTitle(answer, ports),
    verdict: answer.verdict,
    names: explainedNames(answer, ports),
    parts: answer.parts.map((part) => ({
      verdict: part.verdict,
      text: partText(answer, part),
      why: part.why,
    })),
    notes: answer.notes,
    shown,
  };
}
