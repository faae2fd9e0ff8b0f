import { expect, test } from 'vitest';
import { SluiceError } from '../../src/core/errors.ts';
import { createConnectionCount } from '../../src/probe/connections.ts';
import { createListening } from '../../src/probe/listening.ts';
import { probePod } from '../helpers/probe/probe-pods.ts';
import { scriptedExec } from '../helpers/probe/scripted-exec.ts';
import * as table from '../helpers/probe/socket-tables.ts';

const POD = probePod('web-1', '10.244.0.5');
const signal = AbortSignal.timeout(20_000);
const LOOPBACK_5432 =
  '   1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 52059 1 0000000040365079 100 0 0 10 0';
const BOUND_53 =
  '  118: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 91001 2 0000000022222222 0         ';

const reads = (tables: Parameters<typeof table.look>[1]) =>
  scriptedExec(({ command }) => (command[0] === 'sh' ? { stdout: table.look(1, tables) } : undefined)).exec;

test('a listening socket on any address answers yes, one on loopback says so, none says no', async () => {
  const listening = createListening({
    exec: reads({ tcp6: [table.LISTEN_8080], tcp: [LOOPBACK_5432], udp: [BOUND_53] }),
  });
  expect(await listening(POD, 8080, 'TCP', signal)).toEqual({ answer: 'yes', how: 'its socket table' });
  expect(await listening(POD, 5432, 'TCP', signal)).toMatchObject({ answer: 'loopback' });
  expect(await listening(POD, 9090, 'TCP', signal)).toMatchObject({ answer: 'no' });
  expect(await listening(POD, 53, 'UDP', signal)).toMatchObject({ answer: 'yes' });
  expect(await listening(POD, 53, 'TCP', signal)).toMatchObject({ answer: 'no' });
});

test('where the table can not be read, the pod connects to its own address', async () => {
  const { exec } = scriptedExec(({ command }) => {
    if (command[0] !== 'netcat') return undefined;
    return command[3] === '10.244.0.5:8080' ? { stdout: 'open\n' } : { code: 1, stdout: 'refused\n' };
  });
  const listening = createListening({ exec });
  expect(await listening(POD, 8080, 'TCP', signal)).toEqual({
    answer: 'yes',
    how: 'netcat dial, from the pod to itself',
  });
  expect(await listening(POD, 5432, 'TCP', signal)).toMatchObject({ answer: 'no' });
});

test('what can not be known is not guessed', async () => {
  const listening = createListening({ exec: scriptedExec(() => undefined).exec });
  expect(await listening(POD, 8080, 'TCP', signal)).toMatchObject({ answer: 'unknown' });
  expect(await listening(POD, 8080, 'SCTP', signal)).toMatchObject({ answer: 'unknown' });
  expect(await listening({ ...POD, hostNetwork: true }, 8080, 'TCP', signal)).toMatchObject({
    answer: 'unknown',
  });
});

test('connections that live on to any of the targets are counted, closed ones are not', async () => {
  const { established } = createConnectionCount({
    exec: reads({
      tcp: [table.OPEN, table.CLOSED, table.SYN_AGAIN],
      tcp6: [table.ACCEPTED_8080],
      udp: [table.DATAGRAM],
    }),
  });
  expect(await established(POD, ['10.96.187.254:80/TCP'], signal)).toBe(1);
  expect(await established(POD, ['10.96.225.211:5432/TCP'], signal)).toBe(0);
  expect(await established(POD, ['10.96.187.254:80/TCP', '10.96.0.10:53/UDP'], signal)).toBe(2);
  expect(await established(POD, ['10.96.0.10:53/TCP', '[fd00::1]:80/TCP'], signal)).toBe(0);
});

test('a pod whose table can not be read is an error, not a count of nothing', async () => {
  const { established } = createConnectionCount({ exec: scriptedExec(() => undefined).exec });
  await expect(established(POD, ['10.0.0.1:80/TCP'], signal)).rejects.toMatchObject({ code: 'unsupported' });
  const forbidden = new SluiceError('forbidden', 'alice may not.', 'Ask.');
  const denied = createConnectionCount({ exec: scriptedExec(() => forbidden).exec });
  await expect(denied.established(POD, ['10.0.0.1:80/TCP'], signal)).rejects.toBe(forbidden);
});
