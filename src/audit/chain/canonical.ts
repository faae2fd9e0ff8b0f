import canonicalize from 'canonicalize';

/**
 * A JSON value in its one canonical spelling (RFC 8785); fields that are undefined are left out. Throws on what JSON
 * can't say: NaN, infinities, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`${typeof value} is no JSON value`);
  return text;
}
