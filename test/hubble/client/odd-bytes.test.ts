import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFold } from '../../../src/core/traffic/fold.ts';
import { fromJsonResponse, toJsonResponse } from '../../../src/hubble/client/json-flow.ts';
import { createFlowMapper } from '../../../src/hubble/client/map-flow.ts';
import { type DecodedResponse, decodeResponse } from '../../../src/hubble/wire/decoded.ts';
import { observerService } from '../../../src/hubble/wire/protocol.ts';
import { flowResponse } from '../../helpers/hubble/hubble-server.ts';

/** The full processing of a response. */
function takeIn(response: DecodedResponse): void {
  JSON.stringify(toJsonResponse(response));
  if (response.flow === null) return;
  const fold = createFold();
  fold.add([createFlowMapper()(response.flow, 'hubble', response.node_name)], 0);
  JSON.stringify(fold.rows(60_000));
}

const L7 = { http: { code: 200, method: 'GET', url: 'http://a/b', headers: [{ key: 'k', value: 'v' }] } };
const BYTES = observerService().GetFlows.responseSerialize(
  flowResponse({
    l7: L7,
    egress_allowed_by: [{ name: 'p', labels: ['k8s:a=b'] }],
    destination_names: ['x.example'],
  }),
);

describe('whatever a server sends', () => {
  it('is accepted or rejected by the decoder if bytes are damaged', () => {
    const damage = fc.array(fc.tuple(fc.nat(BYTES.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    let taken = 0;
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Uint8Array.from(BYTES);
        for (const [index, value] of changes) bytes[index] = value;
        let response: DecodedResponse;
        try {
          response = decodeResponse(bytes);
        } catch {
          return;
        }
        taken += 1;
        takeIn(response);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('is accepted or rejected for JSON of any shape', () => {
    const keys = [
      'flow',
      'time',
      'IP',
      'source',
      'l4',
      'TCP',
      'verdict',
      'is_reply',
      'l7',
      'http',
      'node_status',
      'labels',
    ];
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant('DROPPED'),
      ),
      tree: fc.oneof(
        { depthSize: 'small' },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const response = fromJsonResponse(JSON.stringify({ flow: value, time: '2026-01-05T10:00:00Z' }));
        if (response !== undefined) takeIn(response);
      }),
      { numRuns: 2_000 },
    );
  });
});
