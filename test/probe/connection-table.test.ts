import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/core/common/errors.ts';
import { createConnectionTable } from '../../src/probe/connection-table.ts';
import { PATIENCE } from '../helpers/eventually.ts';
import { probePod } from '../helpers/probe/probe-pods.ts';
import { type Call, scriptedExec } from '../helpers/probe/scripted-exec.ts';
import { CLOSED, OPEN, TCP_HEADER } from '../helpers/probe/socket-tables.ts';

const POD = probePod('web-1', '10.244.0.5', { containers: ['app', 'admin'] });
const TARGET = '10.96.187.254:80/TCP';
const signal = AbortSignal.timeout(2 * PATIENCE);
/** The connection of `OPEN`. */
const LIVING = {
  pod: { namespace: 'payments', name: 'web-1' },
  protocol: 'TCP',
  local: { ip: '10.244.0.5', port: 54_708 },
  remote: { ip: '10.96.187.254', port: 80 },
} as const;

/** A pod whose containers can all be read; `ss` does what is said. */
function podWith(ss: (call: Call) => 'cuts' | 'may not' | 'has none') {
  let isOpen = true;
  const scripted = scriptedExec((call) => {
    if (call.command[0] !== 'ss') return { stdout: `${TCP_HEADER}\n${isOpen ? OPEN : CLOSED}\n` };
    const how = ss(call);
    if (how === 'has none') return undefined;
    if (how === 'cuts') isOpen = false;
    return how === 'cuts' ? {} : { code: 0, stderr: 'SOCK_DESTROY answers: Operation not permitted' };
  });
  const tried = () => scripted.calls.filter(({ command }) => command[0] === 'ss');
  return { table: createConnectionTable({ exec: scripted.exec }), tried };
}

describe('the connections of a pod', () => {
  test('are those that can still carry data, to the targets alone', async () => {
    const { table } = podWith(() => 'may not');
    expect(await table.established(POD, [TARGET], signal)).toEqual([LIVING]);
    expect(await table.established(POD, ['10.96.187.254:81/TCP', '10.0.0.1:80/TCP'], signal)).toEqual([]);
  });

  test('are ended in the first container that may, by their own ends', async () => {
    const { table, tried } = podWith(({ container }) => (container === 'admin' ? 'cuts' : 'has none'));
    expect(await table.cut(POD, [LIVING], signal)).toEqual([]);
    expect(tried().map(({ container }) => container)).toEqual(['app', 'admin']);
    expect(tried()[1]?.command.join(' ')).toBe('ss -K -n -t dst 10.96.187.254 dport = :80 sport = :54708');
  });

  test('live on where ss exits 0 and has no right to (ENF-20): the table is asked, not ss', async () => {
    const { table, tried } = podWith(() => 'may not');
    expect(await table.cut(POD, [LIVING], signal)).toEqual([LIVING]);
    expect(tried()).toHaveLength(2);
  });

  test('that nobody may look at are no connections that have ended', async () => {
    const { exec } = scriptedExec(() => new SluiceError('forbidden', 'No exec.', 'Ask.'));
    const table = createConnectionTable({ exec });
    await expect(table.cut(POD, [LIVING], signal)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
