import { SluiceError } from '../../core/errors.ts';
import { drainedOf } from './drained.ts';
import type { Output } from './write.ts';

/** The process's own streams. */
export type Stdio = {
  readonly output: Output;
  /** Aborts, with the error to report, when stdout takes nothing any more. */
  readonly closed: AbortSignal;
};

/**
 * Opens stdout and stderr for verbs. A stream that fails must not end the process before what is open was closed
 * (grants above all), nor pass unseen: a full disk is a failure, a reader that went away is none.
 */
export function openStdio(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Stdio {
  const closed = new AbortController();
  let isReaderGone = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    isReaderGone = error.code === 'EPIPE' || error.code === 'EIO';
    closed.abort(
      isReaderGone
        ? new SluiceError('interrupted', 'Nobody reads the output any more.', '', error)
        : new SluiceError(
            'failed',
            `The output can't be written: ${error.message}.`,
            'Free some space, or send it elsewhere.',
            error,
          ),
    );
  });
  stderr.on('error', () => undefined);
  return {
    output: {
      out: (text) => {
        if (!closed.signal.aborted) stdout.write(text);
      },
      err: (text) => stderr.write(text),
      slow: drainedOf(stdout, (go) => closed.signal.addEventListener('abort', go, { once: true })),
      isReaderGone: () => isReaderGone,
    },
    closed: closed.signal,
  };
}
