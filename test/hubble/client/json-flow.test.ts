import { describe, expect, it, test } from 'vitest';
import { fromJsonResponse, toJsonResponse } from '../../../src/hubble/client/json-flow.ts';
import { hasRecordings, recordedLines } from '../../helpers/hubble/recordings.ts';

function roundTrip(line: string): unknown {
  const response = fromJsonResponse(line);
  return response === undefined ? undefined : JSON.parse(JSON.stringify(toJsonResponse(response)));
}

const FLOW = {
  flow: {
    time: '2026-01-05T10:00:00.196123756Z',
    uuid: 'u1',
    verdict: 'DROPPED',
    ethernet: { source: '0a:58:0a:f4:00:01', destination: '0a:58:0a:f4:00:02' },
    IP: { source: '10.0.0.1', destination: '10.0.0.2', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 1, destination_port: 2, flags: { SYN: true } } },
    drop_reason_desc: 'POLICY_DENIED',
    is_reply: false,
    socket_cookie: '18446744073709551615',
  },
  node_name: 'node-1',
  time: '2026-01-05T10:00:00.196123756Z',
};

describe('a response as JSON', () => {
  test.each([
    ['a flow', FLOW],
    ['whole seconds', { node_name: 'n', time: '2026-01-05T10:00:00Z', flow: { uuid: 'u' } }],
    ['microseconds', { node_name: 'n', time: '2026-01-05T10:00:00.000109Z', flow: { uuid: 'u' } }],
    ['a reason without a name', { flow: { drop_reason_desc: 250 }, node_name: 'n' }],
    [
      'lost events',
      {
        lost_events: {
          source: 'HUBBLE_RING_BUFFER',
          num_events_lost: '3903',
          cpu: 0,
          first: '2026-01-05T09:59:59Z',
        },
      },
    ],
    ['a node event', { node_status: { state_change: 'NODE_ERROR', node_names: ['n'], message: 'EOF' } }],
  ])('round-trips: %s', (_, response) => {
    expect(roundTrip(JSON.stringify(response))).toEqual(response);
  });

  it('may be a bare flow, as older CLIs print it', () => {
    expect(roundTrip(JSON.stringify({ ...FLOW.flow, node_name: 'node-1' }))).toMatchObject({
      flow: { uuid: 'u1', is_reply: false },
      node_name: 'node-1',
      time: FLOW.time,
    });
  });

  test.each(['', 'not json', '[]', '"flow"', '{"some":"thing"}', '{"flow":{"l4":7}}', '{"flow":null}'])(
    'is not %s',
    (line) => {
      expect(fromJsonResponse(line)).toBeUndefined();
    },
  );
});

describe.skipIf(!hasRecordings)('recordings of the official CLI', () => {
  test.each(['mixed', 'layer7', 'odd', 'lost', 'nodes', 'world', 'age-1.14'])('%s round-trips', (name) => {
    for (const line of recordedLines(name)) {
      expect(roundTrip(line)).toEqual(JSON.parse(line));
    }
  });
});
