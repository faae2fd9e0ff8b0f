import type { RealCluster } from '../../helpers/real-cluster.ts';
import { createEnforced } from './enforced.ts';
import { createFleet } from './fleet.ts';
import { type Live, startLive } from './live.ts';
import type { Bench } from './round.ts';
import { createShells } from './shells.ts';

/** Cells in use on the real cluster. */
export type Benches = {
  readonly live: Live;
  /** Runs work in an exclusive cell; waits until one is free. */
  readonly use: <R>(work: (bench: Bench) => Promise<R>) => Promise<R>;
  readonly dispose: () => Promise<void>;
};

/**
 * Watches the cluster and fills a number of cells with pods.
 *
 * @param records where the audit log of grants goes, if any are made
 */
export async function openBenches(cluster: RealCluster, count: number, records?: string): Promise<Benches> {
  const live = await startLive(cluster, records);
  const shells = createShells(cluster);
  try {
    const fleet = await createFleet(cluster, live, count);
    const benches = fleet.cells.map(async (cell) => {
      const enforced = await createEnforced({ live, shells }, fleet, cell.index);
      return { live, cell, enforced, shells };
    });
    const free = await Promise.all(benches);
    const waiting: ((bench: Bench) => void)[] = [];
    return {
      live,
      use: async (work) => {
        const bench = free.pop() ?? (await new Promise<Bench>((resolve) => waiting.push(resolve)));
        try {
          return await work(bench);
        } finally {
          const next = waiting.shift();
          if (next === undefined) free.push(bench);
          else next(bench);
        }
      },
      dispose: async () => {
        shells.dispose();
        await fleet.dispose();
        await live.dispose();
      },
    };
  } catch (error) {
    shells.dispose();
    await live.dispose();
    throw error;
  }
}
