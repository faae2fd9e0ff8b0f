/** A JSON object of unknown shape. */
export type Raw = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (not null, not a list). */
export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NOTHING: Raw = {};

/** The value as an object; an empty one when it is none. */
export function rawOf(value: unknown): Raw {
  return isRaw(value) ? value : NOTHING;
}

/** The objects of a list; empty when it is no list. What is no object in it is left out. */
export function rawsOf(value: unknown): readonly Raw[] {
  return Array.isArray(value) ? value.filter(isRaw) : [];
}

/** The texts of a list; empty when it is no list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The value when it is a text that says something, else undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value when it is a finite number, else undefined. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** An RFC 3339 time as ms since the epoch; 0 when it is absent or no time. */
export function timeOf(value: unknown): number {
  if (typeof value !== 'string') return 0;
  const time = Date.parse(value);
  return Number.isNaN(time) ? 0 : time;
}

/** Any value as one word: a text as it is, everything else as JSON. Never throws, whatever an object calls its fields. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
