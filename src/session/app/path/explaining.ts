import type { AskedPorts } from '../../../core/cluster/ends/asked-ports.ts';
import { SluiceError } from '../../../core/errors.ts';
import { explain as explainDecision } from '../../../core/policy/explain/explain.ts';
import { createPathJudge, type PathAnswer, pathTitle } from '../../../core/policy/path/judge-path.ts';
import { explainedNames, partText, shownPair } from '../../../core/policy/path/path-text.ts';
import { judgeAttempt } from '../../rows/attempts/attempt-lines.ts';
import type { Runtime } from '../../runtime.ts';
import type { AttemptLine, Overlay, PathState } from '../../state.ts';
import type { App } from '../app.ts';
import { attemptUnderCursor } from './ends.ts';

type Explained = Omit<Extract<Overlay, { type: 'explain' }>, 'type' | 'scroll' | 'at'>;

/** Explains the marked pair, else what the cursor is on: an attempt, or the path of a grant. */
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

/** An attempt is between two ends that are known: the pair that really tried. */
function ofAttempt({ model, engine }: Runtime, line: AttemptLine): Explained {
  const { sourceName, destinationName, port, protocol, newest } = line.row;
  const decision = judgeAttempt(model, engine, newest);
  return {
    title: `${sourceName} → ${destinationName} :${port ?? '?'}/${protocol.toLowerCase()}`,
    names: { from: sourceName, to: destinationName },
    attempt: line,
    ...(decision === undefined
      ? { problem: 'its ends are not known well enough to judge the policies' }
      : { verdict: explainDecision(engine, decision) }),
  };
}

/** A path is between workloads: all their pods are judged, and what differs among them is told. */
function ofPath(runtime: Runtime, path: PathState): Explained | undefined {
  const { source, destination, port } = path;
  if (source === undefined || destination === undefined || port === undefined) return undefined;
  const ports: AskedPorts = { type: 'range', protocol: port.protocol, from: port.port, to: port.port };
  try {
    return answered(createPathJudge(runtime)(source, destination, ports), ports);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return {
      title: `${path.sourceName} → ${path.destinationName} :${port.port}/${port.protocol.toLowerCase()}`,
      problem: `${error.message} ${error.hint}`,
    };
  }
}

function answered(answer: PathAnswer, ports: AskedPorts): Explained {
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
    ...(shown === undefined ? {} : { shown }),
  };
}
