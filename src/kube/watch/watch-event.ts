import type { ApiMetadata, ApiObject } from '../../core/cluster/cluster.ts';
import { isRecord, textAt } from '../../core/common/common.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ApiObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: unknown };

/** The annotation of the bookmark that ends the initial events of a streaming list (API-3). */
const INITIAL_END = 'k8s.io/initial-events-end';

/** Parses a line of a watch; undefined if invalid. A bookmark's object is never treated as a real one. */
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

/** Whether a value has the fields of every API object. */
export function isApiObject(value: unknown): value is ApiObject {
  return (
    isRecord(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isMetadata(value.metadata)
  );
}

/** An item of a list, with the `kind` and `apiVersion` that list items lack; undefined if it is not an object. */
export function listItem(value: unknown, apiVersion: string, kind: string): ApiObject | undefined {
  if (!isRecord(value) || !isMetadata(value.metadata)) return undefined;
  return { ...value, apiVersion, kind, metadata: value.metadata };
}

function isMetadata(value: unknown): value is ApiMetadata {
  return isRecord(value) && typeof value.name === 'string';
}

const NEWLINE = 0x0a;

/** Longest line accepted, bytes: etcd stores objects of at most 1.5 MiB, and JSON may be several times larger. */
const LONGEST = 32 << 20;

/**
 * Splits a byte stream into JSON values, one per line; chunks may be split anywhere, even within a character.
 *
 * @returns a function that takes a chunk and returns the values that it completes
 * @throws SyntaxError for a line that is not JSON, RangeError for one that is too long
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
