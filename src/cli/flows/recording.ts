import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { SluiceError } from '../../core/errors.ts';
import { drainedOf } from '../output/drained.ts';

/** A file that flows are written to, one a line. */
export type Recording = {
  readonly write: (line: string) => void;
  /** Gives a promise while the disk is behind. */
  readonly slow: () => Promise<void> | undefined;
  /** Rejects once the file can't be written any more; else never settles. */
  readonly broken: Promise<never>;
  /** Resolves when everything is written; rejects when it can't be. */
  readonly close: () => Promise<void>;
};

/**
 * Opens a file, new or emptied, readable by its owner alone: flows tell who talks to whom.
 *
 * @throws SluiceError `usage` when it can't be opened; `failed`, later, when it can't be written
 */
export async function openRecording(path: string): Promise<Recording> {
  const stream = createWriteStream(path, { mode: 0o600 });
  await new Promise((resolve, reject) => {
    stream.once('open', resolve);
    stream.once('error', (error) =>
      reject(
        new SluiceError('usage', `${path} can't be written: ${error.message}.`, 'Name another file.', error),
      ),
    );
  });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const failure = (error: unknown) =>
    new SluiceError(
      'failed',
      `${path} can't be written any more: ${error instanceof Error ? error.message : String(error)}.`,
      'Free some space or name another file; what came until then is in it.',
      error,
    );
  stream.on('error', (error) => broken.reject(failure(error)));
  return {
    write: (line) => {
      if (!stream.destroyed) stream.write(line);
    },
    slow: drainedOf(stream, (go) => stream.once('close', go)),
    broken: broken.promise,
    close: async () => {
      stream.end();
      await finished(stream).catch((error: unknown) => {
        throw failure(error);
      });
    },
  };
}
