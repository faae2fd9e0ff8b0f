import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

/** The input of a terminal that others may read for a while. */
export type Input = {
  readonly stdin: NodeJS.ReadStream;
  /** Stops reading: what is typed from now on is for somebody else. */
  readonly pause: () => void;
  /** Reads on, in raw mode. What was typed meanwhile, and nobody read, is dropped: it was not meant for the app. */
  readonly resume: () => Promise<void>;
  readonly dispose: () => void;
};

/** Passes a terminal's input on while it is not paused. */
export function createInput(stdin: NodeJS.ReadStream): Input {
  const passed = new PassThrough();
  const pass = (chunk: Buffer) => void passed.write(chunk);
  const drop = () => undefined;
  const onEnd = () => void passed.end();
  stdin.on('data', pass);
  stdin.on('end', onEnd);
  const pause = () => {
    stdin.off('data', pass);
    stdin.pause();
  };
  return {
    stdin: asTerminal(passed, stdin),
    pause,
    resume: async () => {
      // Before, a line that is not finished can't be read.
      stdin.setRawMode?.(true);
      stdin.on('data', drop);
      stdin.resume();
      // Whatever has been typed is read within one turn of the event loop.
      await setImmediate();
      await setImmediate();
      stdin.off('data', drop);
      stdin.on('data', pass);
    },
    dispose: () => {
      pause();
      stdin.off('end', onEnd);
    },
  };
}

/** A stream as the input of a terminal, which does what Ink asks of it. */
export function asTerminal(stream: PassThrough, stdin: NodeJS.ReadStream): NodeJS.ReadStream {
  const terminal = Object.assign(stream, {
    isTTY: true,
    setRawMode: (on: boolean) => {
      stdin.setRawMode?.(on);
      return terminal;
    },
    ref: () => {
      stdin.ref();
      return terminal;
    },
    unref: () => {
      stdin.unref();
      return terminal;
    },
  });
  return terminal as unknown as NodeJS.ReadStream;
}
