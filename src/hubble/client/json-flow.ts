import { type DecodedResponse, plainOf, responseOf } from '../wire/wire.ts';

/** A response as `hubble observe -o jsonpb` prints it and `--input-file` reads it. */
export type JsonResponse = Readonly<Record<string, unknown>>;

/** The JSON form of a response: times in RFC 3339, wrapped values unwrapped (protobuf's JSON mapping). */
export function toJsonResponse(response: DecodedResponse): JsonResponse {
  const plain = plainOf(response);
  for (const [holder, key] of timesIn(plain)) {
    if (isRecord(holder[key])) holder[key] = timeText(holder[key]);
  }
  for (const [holder, key, absent] of wrappersIn(plain)) {
    if (isRecord(holder[key])) holder[key] = holder[key].value ?? absent;
  }
  return plain;
}

/**
 * Parses one line of a recording; undefined if it is not a response. A bare flow, as older versions print with
 * `-o json`, is accepted too.
 */
export function fromJsonResponse(line: string): DecodedResponse | undefined {
  return responseFromJson(parse(line));
}

/** The response of a JSON value in any form that servers and CLIs have written; undefined if it is none. */
export function responseFromJson(value: unknown): DecodedResponse | undefined {
  const plain = isRecord(value) ? asResponse(hasCamelCase(value) ? inWireCase(value) : value) : undefined;
  if (plain === undefined) return undefined;
  if (isRecord(plain.flow) && /^\d+$/.test(String(plain.flow.drop_reason_desc)))
    plain.flow.drop_reason_desc = Number(plain.flow.drop_reason_desc);
  for (const [holder, key] of timesIn(plain)) {
    if (typeof holder[key] === 'string') holder[key] = timeOf(holder[key]);
  }
  for (const [holder, key] of wrappersIn(plain)) {
    if (holder[key] !== undefined && !isRecord(holder[key])) holder[key] = { value: holder[key] };
  }
  try {
    return responseOf(plain);
  } catch {
    return undefined;
  }
}

type Holder = Record<string, unknown>;

/** Protobuf's JSON has lowerCamelCase names unless told otherwise; `hubble` tells, other tools don't (HUB-43). */
function hasCamelCase(value: Holder): boolean {
  const flow = isRecord(value.flow) ? value.flow : value;
  return [value, flow].some((part) => Object.keys(part).some((key) => wireName(key) !== key));
}

function inWireCase(value: Holder): Holder {
  const inside = (part: unknown): unknown =>
    Array.isArray(part) ? part.map(inside) : isRecord(part) ? inWireCase(part) : part;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [wireName(key), inside(part)]));
}

/** `ipVersion` is called so on the wire. */
function wireName(key: string): string {
  if (key === 'ipVersion' || !/^[a-z]+[A-Z]/.test(key)) return key;
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function asResponse(parsed: Holder): Holder | undefined {
  if (['flow', 'node_status', 'lost_events'].some((key) => isRecord(parsed[key]))) return parsed;
  if (!('verdict' in parsed) && !isRecord(parsed.IP)) return undefined;
  return { flow: parsed, time: parsed.time, node_name: parsed.node_name };
}

function timesIn(plain: Holder): readonly (readonly [Holder, string])[] {
  const found: (readonly [Holder, string])[] = [[plain, 'time']];
  if (isRecord(plain.flow)) found.push([plain.flow, 'time']);
  if (isRecord(plain.lost_events)) found.push([plain.lost_events, 'first'], [plain.lost_events, 'last']);
  return found;
}

function wrappersIn(plain: Holder): readonly (readonly [Holder, string, unknown])[] {
  const found: (readonly [Holder, string, unknown])[] = [];
  if (isRecord(plain.flow)) found.push([plain.flow, 'is_reply', false]);
  if (isRecord(plain.lost_events)) found.push([plain.lost_events, 'cpu', 0]);
  return found;
}

/** Largest time of a Date, ms (ECMA-262, Time Values). */
const MAX_DATE = 8.64e15;

/** Nanoseconds as 0, 3, 6 or 9 digits, as protobuf writes them; times out of range become 1970. */
function timeText({ seconds, nanos }: Holder): string {
  const ms = Number(seconds ?? 0) * 1000;
  const whole = new Date(Math.abs(ms) <= MAX_DATE ? ms : 0).toISOString().slice(0, -5);
  const digits = String(nanos ?? 0).padStart(9, '0');
  const short = digits.replace(/(000){1,3}$/, '');
  return short === '' ? `${whole}Z` : `${whole}.${short}Z`;
}

function timeOf(text: string): Holder | undefined {
  const [, fraction = ''] = /\.(\d{1,9})/.exec(text) ?? [];
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  return { seconds: Math.floor(ms / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

function parse(line: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
