import { expect, test } from 'vitest';
import { hashOf, parseRecord } from '../../src/audit/record.ts';

/** A record of the first version: logs are kept for years, and must always be read the same. */
const LINE = String.raw`{"actor":{"extra":{"€":[]},"groups":["dev","ops"],"impersonating":false,"username":"żółw@😀"},"cluster":{"context":"prod","server":"https://x"},"hash":"e7d9a5b61c9b4b028430417a0094a8eb19160c1ddb28c0314b2e709022f99b8b","later":{"a":{"z":null,"😀":2,"דּ":1},"b":[1e+21,0,1e-7,0.1]},"outcome":"ok","prev":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","reason":"tab\t \"quoted\" €","seq":7,"time":1795891200123,"type":"granted","v":1,"writer":{"host":"h","pid":12,"user":"me","version":"0.1.0"}}`;

test('a record of an old log is read, and its hash is valid', () => {
  const record = parseRecord(LINE);
  expect(record).toMatchObject({ seq: 7, type: 'granted', reason: 'tab\t "quoted" €' });
  if (record === undefined) return;
  const { hash, ...rest } = record;
  expect(hashOf(rest)).toBe(hash);
});

test.each([
  ['a space', LINE.replace(':', ': ')],
  ['other keys first', LINE.replace(/^\{("actor":.*?),("cluster":\{.*?\}),/, '{$2,$1,')],
  ['a number spelled otherwise', LINE.replace('1e+21', '1000000000000000000000')],
  ['an escape that need not be', LINE.replace('€', String.raw`\u20ac`)],
])('%s makes it a different line', (_, line) => {
  expect(line).not.toBe(LINE);
  expect(JSON.parse(line)).toEqual(JSON.parse(LINE));
  expect(parseRecord(line)).toBeUndefined();
});
