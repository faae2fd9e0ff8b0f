import type { ApiMetadata, ApiObject } from '../../core/cluster/cluster.ts';
import { isRecord } from '../../core/common/common.ts';

/** Metadata of every stored object. */
export type StoredMetadata = ApiMetadata & {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly generation?: number;
};

/** An object as stored by the server. Never changed in place. */
export type Stored = ApiObject & { readonly metadata: StoredMetadata };

/** `namespace/name`, or only the name for cluster-scoped objects. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The key of an object among those of its resource. */
export function keyOfObject(object: ApiObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** The object with some metadata replaced; undefined removes a field. */
export function withMetadata<T extends ApiObject>(object: T, change: Readonly<Record<string, unknown>>): T {
  return { ...object, metadata: compact({ ...object.metadata, ...change }) } as T;
}

/** The object with some fields of its spec or status replaced; undefined removes a field. */
export function withPart<T extends ApiObject>(
  object: T,
  part: 'spec' | 'status',
  change: Readonly<Record<string, unknown>>,
): T {
  const before = object[part];
  return { ...object, [part]: compact({ ...(isRecord(before) ? before : {}), ...change }) };
}

/** A map of strings from JSON; empty for anything else. */
export function stringMap(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

/** A timestamp as Kubernetes writes it: RFC 3339, truncated to seconds. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** A stream of numbers that depends only on its seed. */
export type Random = {
  /** In [0, 1). */
  readonly next: () => number;
  /** In [from, to], inclusive. */
  readonly integer: (from: number, to: number) => number;
  readonly pick: <T>(items: readonly [T, ...T[]]) => T;
  readonly text: (length: number, alphabet?: string) => string;
  readonly uuid: () => string;
  /** A separate stream that depends on the seed and the name, not on previous draws. */
  readonly fork: (name: string) => Random;
};

/** The letters of generated names: no vowels or lookalikes, as in Kubernetes' `rand.String`. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** A stream from a seed (32 bits are used): mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const text = (length: number, alphabet: string = NAME_LETTERS): string =>
    Array.from({ length }, () => alphabet[integer(0, alphabet.length - 1)]).join('');
  return {
    next,
    integer,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    text,
    uuid: () => {
      const word = (): string =>
        Math.floor(next() * 4_294_967_296)
          .toString(16)
          .padStart(8, '0');
      const [a, b, c, d] = [word(), word(), word(), word()];
      const variant = '89ab'[Number.parseInt(c[0] ?? '0', 16) % 4];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
    fork: (name) => createRandom(seed ^ hash(name)),
  };
}

/** FNV-1a, 32 bits: hashes a text to a number. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
