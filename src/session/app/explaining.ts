import {
  type AskedPorts,
  answerOf,
  explainedNames,
  nameOfEnd,
  type PathAnswer,
  partText,
  pathTitle,
  pricing,
  shownPair,
} from '../../core/policy/path/path.ts';
import { pause } from '../../wait.ts';
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
  const found = line === undefined ? ofPath(runtime, path) : ofAttempt(runtime, line);
  if (found === undefined) {
    app.notify(
      'warn',
      'Nothing to explain yet.',
      'Move to an attempt, or mark a source with s and a destination with d.',
    );
    return;
  }
  const { explained, steps } = found;
  const until = app.deps.clock.monotonic() + SLICE;
  const isSmall = Array.from(runtime.model.pods()).length <= AT_ONCE;
  const priced =
    steps === undefined || !isSmall ? undefined : stepped(steps, () => app.deps.clock.monotonic() >= until);
  const verdict = priced?.verdict ?? explained.verdict;
  app.push({
    type: 'explain',
    scroll: 0,
    at: runtime.connection.api.clock.now(),
    ...explained,
    ...(verdict === undefined ? {} : { verdict }),
  });
  if (steps !== undefined && priced === undefined) priceLater(app, explained, steps);
}

/** The longest slice of pricing, and the pause after it, ms: on a large cluster keys and frames don't wait for it. */
const SLICE = 8;

/** How many pods are so few that the first step is over within a slice. */
const AT_ONCE = 1_000;

/** A glance costs nothing: how long an explanation stays open before the rest is worked out, ms. */
const GLANCE = 400;

type Steps = ReturnType<typeof pricing>;

/** The answer once all steps are done; undefined where time was over before. */
function stepped(steps: Steps, isOver: () => boolean): PathAnswer | undefined {
  do {
    const { done, value } = steps.next();
    if (done === true) return value;
  } while (!isOver());
  return undefined;
}

function priceLater(app: App, explained: Explained, steps: Steps): void {
  const isOpen = () => {
    const { overlay } = app.state();
    return overlay.type === 'explain' && overlay.verdict === explained.verdict;
  };
  app.run(async (signal) => {
    await pause(GLANCE, signal);
    for (;;) {
      await pause(SLICE, signal);
      if (!isOpen()) return;
      const until = app.deps.clock.monotonic() + SLICE;
      const priced = stepped(steps, () => app.deps.clock.monotonic() >= until);
      if (priced === undefined) continue;
      app.update('explain', (open) =>
        open.verdict === explained.verdict ? { ...open, verdict: priced.verdict } : open,
      );
      return;
    }
  });
}

/** What is explained, and the steps that price the edits it suggests. */
type Found = { readonly explained: Explained; readonly steps?: Steps };

/** Explains the pair that was actually seen in an attempt. Titles name workloads, as the rows do. */
function ofAttempt(runtime: Runtime, line: AttemptLine): Found {
  const { sourceName, destinationName, port, protocol } = line.row;
  const seen = seenPath(runtime.model, line.row);
  const title = `${sourceName} → ${destinationName} :${port ?? '?'}/${protocol.toLowerCase()}`;
  const named = { from: sourceName, to: destinationName };
  if (seen === undefined) {
    const problem = 'too little is known about its ends to evaluate policies';
    return { explained: { problem, title, names: named, attempt: line } };
  }
  const found = ofEnds(runtime, seen);
  const { parts = [], names = named } = found.explained;
  return {
    ...found,
    explained: { ...found.explained, title, names: parts.length > 0 ? names : named, attempt: line },
  };
}

/** Explains a path between workloads: all their pods are judged, and differences among them are shown. */
function ofPath(runtime: Runtime, path: PathState): Found | undefined {
  const { source, destination, port } = path;
  if (source === undefined || destination === undefined || port === undefined) return undefined;
  return ofEnds(runtime, { ...judgedEnds(path, { source, destination }), port });
}

function ofEnds(runtime: Runtime, path: SeenPath): Found {
  const { port, protocol } = path.port;
  const judgement = judgedOn(runtime, path);
  if (judgement instanceof Error) {
    const [from, to] = [nameOfEnd(path.source), nameOfEnd(path.destination)];
    const title = `${from} → ${to} :${port}/${protocol.toLowerCase()}`;
    return { explained: { title, problem: `${judgement.message} ${judgement.hint}` } };
  }
  const ports: AskedPorts = { type: 'range', protocol, from: port, to: port };
  const answer = answerOf(runtime.engine, judgement);
  const [shown] = shownPair(answer, ports);
  const explained: Explained = {
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
  return { explained, steps: pricing(runtime.engine, answer) };
}
