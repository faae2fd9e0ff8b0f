import type { LoggedCall, Overlay, SessionState } from '../../src/session/session.ts';
import { entry, type Line, span, wallClock } from '../text/text.ts';
import { indented } from './items.ts';
import type { Content } from './panel.ts';

/** Columns of the time of a call. */
const TIME = 10;

const MANIFEST = ' '.repeat(TIME + 2);

/** What was done to the cluster, as the kubectl lines that would do it, the newest last. */
export function logContent(
  { scroll, manifests }: Extract<Overlay, { type: 'log' }>,
  { calls }: SessionState,
): Content {
  return {
    kind: 'full',
    title: [span(' Log ', 'strong')],
    right: [span(` ${calls.length} `, 'faint')],
    scroll,
    lines: (columns) =>
      calls.length === 0
        ? [[span('nothing was done to the cluster so far', 'faint')]]
        : calls.flatMap((call) => callLines(call, manifests, columns)),
  };
}

function callLines(
  { time, command, manifest = [], outcome, failed }: LoggedCall,
  manifests: boolean,
  columns: number,
): readonly Line[] {
  const result = failed ? span(`✗ ${outcome}`, 'bad') : span(`✓ ${outcome}`, 'good');
  return [
    ...entry([span(wallClock(time), 'faint')], TIME, span(command), columns),
    ...entry([], TIME, result, columns),
    ...(manifests ? manifest.flatMap((line) => indented(`${MANIFEST}${line}`, columns, 'faint')) : []),
  ];
}
