import { PassThrough } from 'node:stream';
import { asTerminal } from '../ui/ui.ts';
import { createMouseParser, type MouseEvent } from './mouse-parser.ts';

/** The input of a terminal that reports its mouse. */
export type MouseInput = {
  /** The same input without the reports. */
  readonly stdin: NodeJS.ReadStream;
  /** Calls back for what the mouse does, until disposed. */
  readonly listen: (listener: (event: MouseEvent) => void) => () => void;
  /** Stops reading. */
  readonly dispose: () => void;
};

/** How long a lone escape may be the beginning of a report, ms: its bytes come together, unless a read ends between. */
const REPORT_WITHIN = 25;

/** Reads the terminal in place of Ink, which would take a report that comes in two pieces for keys. */
export function createMouseInput(stdin: NodeJS.ReadStream): MouseInput {
  const parser = createMouseParser();
  const listeners = new Set<(event: MouseEvent) => void>();
  let timer: NodeJS.Timeout | undefined;
  const input = new PassThrough();
  const give = (text: string) => {
    if (text !== '') input.write(Buffer.from(text, 'latin1'));
  };
  const onData = (chunk: Buffer) => {
    clearTimeout(timer);
    const { rest, events } = parser.push(chunk.toString('latin1'));
    give(rest);
    for (const event of events) for (const listener of listeners) listener(event);
    if (parser.mayBeKey()) timer = setTimeout(() => give(parser.flush()), REPORT_WITHIN);
  };
  const onEnd = () => input.end();
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  return {
    stdin: asTerminal(input, stdin),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose: () => {
      clearTimeout(timer);
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.pause();
    },
  };
}
