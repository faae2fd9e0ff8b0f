import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFold } from '../../../src/core/traffic/fold.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { createHubbleSource } from '../../../src/hubble/client/source.ts';
import { eventually } from '../../helpers/eventually.ts';
import { runSource, type TrafficRun } from '../../helpers/hubble/traffic-run.ts';

describe("the embedded cluster's Hubble", () => {
  let demo: Demo;
  let run: TrafficRun;

  beforeAll(async () => {
    demo = await startDemo();
    run = runSource(createHubbleSource({ address: demo.hubbleAddress, since: Date.now() - 20_000 }));
  });

  afterAll(async () => {
    await run.stop();
    await demo.stop();
  });

  it('is live, with all its nodes', async () => {
    await eventually(() => {
      const { status, nodes, version } = run.state() ?? {};
      expect({ status, version }).toEqual({ status: 'live', version: expect.stringMatching(/^\d+\.\d+/) });
      expect(nodes?.connected).toBe(nodes?.total);
      expect(nodes?.total).toBeGreaterThan(1);
    });
  });

  it('folds into rows with workloads on both ends, some allowed, some dropped by a policy', async () => {
    await eventually(() => {
      const fold = createFold();
      fold.add(run.flows, 0);
      const rows = fold.rows(60_000);
      const drop = rows.find(({ verdict }) => verdict === 'drop');
      expect(drop?.newest.dropReason?.code).toBe(133);
      expect(rows.some(({ verdict }) => verdict === 'allow')).toBe(true);
      for (const row of rows) {
        expect(row.verdict).not.toBe('pending');
        expect(
          row.destination.workload ??
            row.destination.dns ??
            row.destination.reserved ??
            row.destination.service,
        ).toBeDefined();
      }
    });
  });
});
