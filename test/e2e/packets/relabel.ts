import type { RandomRound } from './random-round.ts';
import { type Bench, patch } from './round.ts';

/** Sets the labels of a round and waits until the engine has them; packets are retried until they agree. */
export async function relabel(bench: Bench, { labels }: Pick<RandomRound, 'labels'>): Promise<void> {
  const { live, cell } = bench;
  for (const { namespace: short, pod, labels: wanted } of labels) {
    const namespace = cell.namespace(short);
    const where = pod === undefined ? { name: namespace } : { namespace, name: pod };
    await patch(bench, pod === undefined ? 'namespaces' : 'pods', where, { metadata: { labels: wanted } });
    await live.until('the engine sees the labels', () => {
      const { model } = live;
      const found = pod === undefined ? model.namespace(namespace) : model.pod(namespace, pod);
      return Object.entries(wanted).every(([key, value]) => (found?.labels[key] ?? null) === value);
    });
  }
}
