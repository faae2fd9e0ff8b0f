import type { Writable } from 'node:stream';

/**
 * Asks a stream whether it is behind: gives one promise for as long as it is, which resolves when it has drained or has
 * come to its end; undefined while it takes more. `onEnd` is called to be told of that end.
 */
export function drainedOf(
  stream: Writable,
  onEnd: (go: () => void) => void,
): () => Promise<void> | undefined {
  let drained: Promise<void> | undefined;
  return () => {
    if (!stream.writableNeedDrain) return undefined;
    drained ??= new Promise<void>((resolve) => {
      const go = () => {
        drained = undefined;
        resolve();
      };
      stream.once('drain', go);
      onEnd(go);
    });
    return drained;
  };
}
