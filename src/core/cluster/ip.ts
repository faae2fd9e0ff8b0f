import ipaddr from 'ipaddr.js';

/** An address: its family and its bits as a number. */
export type Ip = { readonly family: 4 | 6; readonly value: bigint };

/** A range of addresses of one family, both ends inclusive. */
export type IpRange = { readonly family: 4 | 6; readonly first: bigint; readonly last: bigint };

const FOUR_PARTS = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/** All addresses of a family. */
export const EVERY_ADDRESS: Readonly<Record<4 | 6, IpRange>> = {
  4: { family: 4, first: 0n, last: (1n << 32n) - 1n },
  6: { family: 6, first: 0n, last: (1n << 128n) - 1n },
};

/**
 * Parses an address strictly: four decimal parts without leading zeros, or IPv6 without a zone. Anything else is
 * undefined, including what ipaddr.js would accept (`10.1`, `010.0.0.1`). An IPv4-mapped IPv6 address is returned as
 * IPv4.
 */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const plain = withoutDots(text);
  if (plain === undefined || !ipaddr.IPv6.isValid(plain)) return undefined;
  const address = ipaddr.IPv6.parse(plain);
  if (address.isIPv4MappedAddress()) return parseIpv4(address.toIPv4Address().toString());
  return { family: 6, value: fold(address.toByteArray()) };
}

/** IPv6 text with its dotted tail as hexadecimal: ipaddr.js takes `::1.2.3.4` for a mapped address. No zones. */
function withoutDots(text: string): string | undefined {
  if (text.includes('%')) return undefined;
  if (!text.includes('.')) return text;
  const colon = text.lastIndexOf(':') + 1;
  const tail = parseIpv4(text.slice(colon));
  if (tail === undefined) return undefined;
  return `${text.slice(0, colon)}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`;
}

function parseIpv4(text: string): Ip | undefined {
  if (!FOUR_PARTS.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? { family: 4, value: fold(bytes) } : undefined;
}

function fold(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The range of `address/bits`; host bits are dropped. Undefined if it is not a valid CIDR. */
export function parseCidr(text: string): IpRange | undefined {
  const [address, bits, ...rest] = text.split('/');
  if (address === undefined || bits === undefined || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) {
    return undefined;
  }
  const ip = parseIp(address);
  const width = ip?.family === 4 ? 32 : 128;
  if (ip === undefined || Number(bits) > width) return undefined;
  const size = 1n << BigInt(width - Number(bits));
  const first = ip.value - (ip.value % size);
  return { family: ip.family, first, last: first + size - 1n };
}

/** Whether an address is in a range; never across families (NP-33). */
export function inRange(range: IpRange, ip: Ip): boolean {
  return range.family === ip.family && range.first <= ip.value && ip.value <= range.last;
}

/** Whether an address is in a block, both as text. */
export function isInCidr(cidr: string, text: string): boolean {
  const [range, ip] = [parseCidr(cidr), parseIp(text)];
  return range !== undefined && ip !== undefined && inRange(range, ip);
}

/** How many addresses a block holds: `256 addresses`, `2^96 addresses`. */
export function addressCount(cidr: string): string {
  const range = parseCidr(cidr);
  const count = range === undefined ? 0n : range.last - range.first + 1n;
  const many = count > 1n << 32n ? `2^${count.toString(2).length - 1}` : count.toLocaleString('en-US');
  return `${many} ${count === 1n ? 'address' : 'addresses'}`;
}

/** Whether `inner` is within `outer`. */
export function covers(outer: IpRange, inner: IpRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** The address as text, IPv6 in its short form. */
export function formatIp({ family, value }: Ip): string {
  const size = family === 4 ? 4 : 16;
  const bytes = Array.from({ length: size }, (_, index) =>
    Number((value >> BigInt(8 * (size - 1 - index))) & 255n),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/** The canonical spelling of an address, for lookups; other text is returned unchanged. */
export function canonicalIp(text: string): string {
  if (!text.includes(':')) return text;
  const ip = parseIp(text);
  return ip === undefined ? text : formatIp(ip);
}

/** The block of one address: `10.0.0.1/32`, `fd00::1/128`. */
export function hostCidr(ip: string): string {
  return `${ip}/${ip.includes(':') ? 128 : 32}`;
}

/** An address as a range of its own; undefined for anything else. */
export function rangeOfAddress(ip: string): IpRange | undefined {
  return parseCidr(hostCidr(ip));
}
