import type { ApiMetadata, ApiObject } from '../../core/cluster/cluster.ts';
import { isRecord, textAt } from '../../core/common/common.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ApiObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: unknown };

/** Marks the bookmark that ends the initial events of a streaming list (API-3). */
const INITIAL_END = 'k8s.io/initial-events-end';

/** Reads a line of a watch; undefined when it is none. A bookmark's object is never taken for a real one. */
export function readWatchEvent(value: unknown): WatchEvent | undefined {
  if (!isRecord(value)) return undefined;
  const { type, object } = value;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return isApiObject(object) ? { type, object } : undefined;
    case 'BOOKMARK':
      return {
        type,
        resourceVersion: textAt(object, 'metadata', 'resourceVersion') ?? '',
        initialEnd: textAt(object, 'metadata', 'annotations', INITIAL_END) === 'true',
      };
    case 'ERROR':
      return { type, status: object };
    default:
      return undefined;
  }
}

/** Whether a value has what every object of the API has. */
export function isApiObject(value: unknown): value is ApiObject {
  return (
    isRecord(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isMetadata(value.metadata)
  );
}

/** An item of a list, which carries no `kind` and `apiVersion` of its own, made whole; undefined when it is none. */
export function listItem(value: unknown, apiVersion: string, kind: string): ApiObject | undefined {
  if (!isRecord(value) || !isMetadata(value.metadata)) return undefined;
  return { ...value, apiVersion, kind, metadata: value.metadata };
}

function isMetadata(value: unknown): value is ApiMetadata {
  return isRecord(value) && typeof value.name === 'string';
}

const NEWLINE = 0x0a;

/** Longest line accepted, bytes: etcd holds objects of at most 1.5 MiB, and JSON may be some times its size. */
const LONGEST = 32 << 20;

/**
 * Cuts a byte stream into JSON values, one a line, wherever the chunks are split: within a character too.
 *
 * @returns a function that takes a chunk and gives the values that it completes
 * @throws SyntaxError for a line that is no JSON, RangeError for one that never ends
 */
export function jsonLines(): (chunk: Buffer) => readonly unknown[] {
  let parts: Buffer[] = [];
  let held = 0;
  return (chunk) => {
    const values: unknown[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      const line = held === 0 ? piece : Buffer.concat([...parts, piece]);
      parts = [];
      held = 0;
      start = end + 1;
      const text = line.toString('utf8').trim();
      if (text !== '') values.push(JSON.parse(text));
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > LONGEST) throw new RangeError(`a line of more than ${LONGEST} bytes`);
    }
    return values;
  };
}
