import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalIp, covers, formatIp, inRange, parseCidr, parseIp } from '../../../src/core/cluster/ip.ts';

test.each([
  '10.1',
  '010.0.0.1',
  '256.0.0.1',
  '1.2.3.4.5',
  '0x7f.0.0.1',
  '',
  ':',
  'fe80::1%eth0',
  '1::2::3',
  '::ffff:010.0.0.1',
])('"%s" is no address', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '::/129', '10.0.0.0/8/8', 'x/8'])(
  '"%s" is not a valid CIDR',
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
  },
);

test('an IPv4-mapped address is the IPv4 address', () => {
  expect(parseIp('::ffff:10.0.0.1')).toEqual(parseIp('10.0.0.1'));
  expect(canonicalIp('2001:DB8:0:0::1')).toBe('2001:db8::1');
});

test('a range holds what shares its prefix, and never the other family', () => {
  const range = parseCidr('10.1.2.3/16');
  const holds = (text: string) => {
    const ip = parseIp(text);
    return range !== undefined && ip !== undefined && inRange(range, ip);
  };
  expect(['10.1.0.0', '10.1.255.255', '10.2.0.0', '::10.1.0.1'].map(holds)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('text and bits are one and the same, and a shorter prefix covers a longer one', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(32), fc.nat(32), (text, a, b) => {
      const ip = parseIp(text);
      if (ip === undefined) throw new Error(text);
      expect(parseIp(formatIp(ip))).toEqual(ip);
      const [short, long] = [Math.min(a, b), Math.max(a, b)].map((bits) =>
        parseCidr(`${formatIp(ip)}/${bits}`),
      );
      expect(short !== undefined && long !== undefined && covers(short, long) && inRange(long, ip)).toBe(
        true,
      );
    }),
  );
});
