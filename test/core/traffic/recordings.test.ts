import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFold } from '../../../src/core/traffic/fold.ts';
import { fromJsonResponse } from '../../../src/hubble/json-flow.ts';
import { createFlowMapper } from '../../../src/hubble/map-flow.ts';

const RECORDINGS = '/work/shared/hubble/flows';

function flowsOf(name: string) {
  const map = createFlowMapper();
  return readFileSync(`${RECORDINGS}/${name}.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const response = fromJsonResponse(line);
      return response?.flow ? [map(response.flow, 'replay', response.node_name)] : [];
    });
}

describe.skipIf(!existsSync(RECORDINGS))('recordings', () => {
  it('x', () => {
    for (const name of ['denied', 'busy-drops', 'allowed', 'layer7', 'world', 'odd', 'mixed', 'age-1.14']) {
      const flows = flowsOf(name);
      const fold = createFold();
      const now = 1_000_000;
      fold.add(flows, now);
      console.log(name, flows.length, fold.rows(now + 3000).length);
      for (const a of [...fold.attempts()].sort((x, y) => x.first - y.first).slice(0, 14)) {
        console.log(
          `${a.verdict} x${a.tries} ${a.rowKey} ${a.dropReason?.text ?? ''} ${a.dropDirection ?? ''} by=${a.allowedBy.map((p) => `${p.kind}/${p.name}`)} den=${a.deniedBy.map((p) => p.name)} l7=${a.l7?.text ?? ''}/${a.l7?.code ?? ''} ${a.nodes} svc=${a.destination.service?.name ?? ''} +${a.last - a.first}`,
        );
      }
      console.log(fold.dropReasons(), fold.talkers(3), fold.forgotten());
    }
    expect(1).toBe(1);
  });
});
