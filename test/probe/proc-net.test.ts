import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSamples } from '../../src/probe/proc-net.ts';
import {
  ACCEPTED_8080,
  CLOSED,
  DATAGRAM,
  LISTEN_8080,
  look,
  SYN_AGAIN,
  TCP_HEADER,
  TCP6_HEADER,
} from '../helpers/probe/socket-tables.ts';

const rowsOf = (text: string) => parseSamples(text)[0]?.rows;

test('an unanswered SYN has both ends, the state, its timer and its retransmissions', () => {
  expect(rowsOf(look(1256.12, { tcp: [SYN_AGAIN] }))).toEqual([
    {
      protocol: 'TCP',
      local: { ip: '10.244.0.5', port: 45350 },
      remote: { ip: '10.96.225.211', port: 5432 },
      state: 'syn-sent',
      timer: 'retransmit',
      timerLeft: 760,
      retransmits: 1,
      inode: 85426,
    },
  ]);
});

test('a closed connection shows how long it will be kept', () => {
  expect(rowsOf(look(1, { tcp: [CLOSED] }))).toMatchObject([
    { state: 'time-wait', timer: 'time-wait', timerLeft: 7020, inode: 0 },
  ]);
});

test('an IPv4-mapped address becomes IPv4, the unspecified IPv6 address ::', () => {
  expect(rowsOf(look(1, { tcp6: [LISTEN_8080, ACCEPTED_8080] }))).toMatchObject([
    { state: 'listen', local: { ip: '::', port: 8080 } },
    {
      state: 'established',
      local: { ip: '10.244.0.5', port: 8080 },
      remote: { ip: '10.244.0.4', port: 41214 },
    },
  ]);
});

test('an IPv6 address is parsed word by word', () => {
  const row =
    '   0: B80D012000000000000000000100000A:1F90 B80D0120000000000000000001000000:A0FE 01 00000000:00000000 00:00000000 00000000     0        0 90110 1';
  expect(rowsOf(`${TCP6_HEADER}\n${row}`)?.[0]).toMatchObject({
    local: { ip: '2001:db8::a00:1' },
    remote: { ip: '2001:db8::1' },
  });
});

test('rows after the header of a UDP table are UDP', () => {
  expect(rowsOf(look(1, { udp: [DATAGRAM] }))).toMatchObject([
    { protocol: 'UDP', state: 'established', remote: { ip: '10.96.0.10', port: 53 } },
  ]);
});

test('each line of uptime starts a sample', () => {
  const samples = parseSamples(look(10.5, { tcp: [SYN_AGAIN] }) + look(11.01, {}));
  expect(samples.map(({ uptime, rows }) => [uptime, rows.length])).toEqual([
    [10.5, 1],
    [11.01, 0],
  ]);
});

test('tables without an uptime are one undated sample', () => {
  expect(parseSamples(`${TCP_HEADER}\n${SYN_AGAIN}\n${TCP6_HEADER}\n`)).toMatchObject([
    { rows: [{ state: 'syn-sent' }] },
  ]);
});

test('output without tables is not a sample', () => {
  expect(parseSamples('1224.62 789.14\n')).toEqual([]);
  expect(parseSamples('cat: /proc/net/tcp: Permission denied\n')).toEqual([]);
});

test('for any output of a container, rows have only parsed addresses and numbers', () => {
  const noise = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(noise, fc.constantFrom(TCP_HEADER, SYN_AGAIN, `${SYN_AGAIN}\u001b]52;`))),
      (lines) => {
        for (const { rows } of parseSamples(lines.join('\n'))) {
          for (const { local, remote, state } of rows) {
            expect([local.ip, remote.ip, state]).toEqual(['10.244.0.5', '10.96.225.211', 'syn-sent']);
          }
        }
      },
    ),
  );
});
