import { expect, test } from 'vitest';
import { emptyMemory, observe, type SocketMemory } from '../../src/probe/observe.ts';
import { parseSamples } from '../../src/probe/proc-net.ts';
import * as table from '../helpers/probe/socket-tables.ts';

const OWN = ['10.244.0.5'];

/** The observations of consecutive looks at one pod. */
function seen(looks: Parameters<typeof table.look>[1][], served: number[] = []) {
  let memory: SocketMemory = emptyMemory(served);
  return looks.map((tables) => {
    const sample = parseSamples(table.look(1, tables))[0];
    if (sample === undefined) throw new Error('no sample');
    const step = observe(memory, sample, OWN);
    memory = step.memory;
    return step.observations;
  });
}

test('a SYN that was just sent is not a drop', () => {
  expect(seen([{ tcp: [table.SYN_230] }])).toEqual([[]]);
});

test('a SYN unanswered for 400 ms is one, backdated to when it was sent', () => {
  expect(seen([{ tcp: [table.SYN_230] }, { tcp: [table.SYN_750] }])[1]).toEqual([
    {
      what: 'unanswered',
      local: { ip: '10.244.0.5', port: 45350 },
      remote: { ip: '10.96.225.211', port: 5432 },
      incoming: false,
      age: 750,
      syns: 1,
    },
  ]);
});

test('it is reported once, and again for each retransmission', () => {
  const steps = seen([
    { tcp: [table.SYN_750] },
    { tcp: [table.SYN_750] },
    { tcp: [table.SYN_AGAIN] },
    { tcp: [table.SYN_AGAIN] },
    { tcp: [table.SYN_THIRD] },
  ]);
  expect(steps.map((step) => step.map(({ syns }) => syns))).toEqual([[1], [], [2], [], [3]]);
});

test('the next attempt from another port is reported again', () => {
  expect(seen([{ tcp: [table.SYN_AGAIN] }, { tcp: [table.SYN_NEXT] }])[1]).toMatchObject([
    { what: 'unanswered', local: { port: 59662 }, syns: 1 },
  ]);
});

test('the same port and peer used by another socket is another attempt', () => {
  const other = table.SYN_750.replace(' 85426 ', ' 99999 ');
  expect(seen([{ tcp: [table.SYN_AGAIN] }, { tcp: [other] }])[1]).toHaveLength(1);
});

test('a socket that a changing table shows twice is reported once', () => {
  expect(seen([{ tcp: [table.SYN_750, table.SYN_750] }])[0]).toHaveLength(1);
});

test('a connection is reported once during its life', () => {
  const steps = seen([{ tcp: [table.OPEN] }, { tcp: [table.OPEN] }, { tcp: [table.CLOSED] }, {}]);
  expect(steps.map((step) => step.map(({ what, incoming }) => [what, incoming]))).toEqual([
    [['connected', false]],
    [],
    [],
    [],
  ]);
});

test('a connection that opened and closed between two looks is backdated to its end', () => {
  expect(seen([{}, { tcp: [table.CLOSED] }])[1]).toMatchObject([{ what: 'connected', age: 52_980 }]);
});

test('a port that is reused after its connection was closed is another attempt', () => {
  expect(seen([{ tcp: [table.CLOSED] }, { tcp: [table.OPEN] }])[1]).toMatchObject([{ what: 'connected' }]);
});

test('an attempt that is answered later is reported as a connection', () => {
  const answered = table.SYN_750.replace(' 02 ', ' 01 ');
  expect(seen([{ tcp: [table.SYN_750] }, { tcp: [answered] }])[1]).toMatchObject([{ what: 'connected' }]);
});

test('a connection on a port that the pod serves was opened by the peer', () => {
  expect(seen([{ tcp6: [table.LISTEN_8080, table.ACCEPTED_8080] }])[0]).toMatchObject([
    { what: 'connected', incoming: true, remote: { ip: '10.244.0.4' } },
  ]);
});

test('even after the server has stopped listening, or if only the pod declares the port', () => {
  expect(seen([{ tcp6: [table.LISTEN_8080] }, { tcp6: [table.ACCEPTED_8080] }])[1]).toMatchObject([
    { incoming: true },
  ]);
  expect(seen([{ tcp6: [table.ACCEPTED_8080] }], [8080])[0]).toMatchObject([{ incoming: true }]);
});

test("a pod's connections to itself are ignored", () => {
  const loopback = table.OPEN.replace('FEBB600A', '0100007F');
  const itself = table.OPEN.replace('FEBB600A', '0500F40A');
  expect(seen([{ tcp: [loopback, itself] }])[0]).toEqual([]);
});

test('a UDP socket with a peer is reported as such, never as open or dropped', () => {
  expect(seen([{ udp: [table.DATAGRAM] }, { udp: [table.DATAGRAM] }])).toMatchObject([
    [{ what: 'datagram', remote: { ip: '10.96.0.10', port: 53 } }],
    [],
  ]);
});
