import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFold } from '../../src/core/traffic/fold.ts';
import { createHubbleSource } from '../../src/hubble/client/source.ts';
import { runSource, type TrafficRun } from '../helpers/hubble/traffic-run.ts';
import { findRealCluster, hasSampleWorld, type RealCluster } from '../helpers/real-cluster.ts';

const cluster = await findRealCluster();
const relay = await findRelay();

/** The pod of a plaintext Relay, as `namespace pod`; undefined if there is none. */
async function findRelay(): Promise<string | undefined> {
  const pods = await cluster
    ?.kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=hubble-relay', '-o', 'name')
    .catch(() => '');
  const config = await cluster
    ?.kubectl('-n', 'kube-system', 'get', 'configmap', 'hubble-relay-config', '-o', 'yaml')
    .catch(() => '');
  const [pod] = (pods ?? '').trim().split('\n');
  const isPlain = pod !== undefined && pod !== '' && config?.includes('disable-server-tls: true') === true;
  if (isPlain) return (await hasSampleWorld(cluster)) ? pod : undefined;
  console.warn('\n*** SKIPPED: no plaintext hubble-relay in the cluster ***\n');
  return undefined;
}

/** A port-forward by kubectl, as our own process. */
async function forward(
  { start }: RealCluster,
  pod: string,
): Promise<{ host: string; port: number; close: () => void }> {
  const child = start('-n', 'kube-system', 'port-forward', pod, ':4245');
  child.stderr.resume();
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`kubectl port-forward ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return { host: '127.0.0.1', port, close: () => void child.kill() };
}

describe.skipIf(cluster === undefined || relay === undefined)(
  'Relay of a real cluster, with real packets',
  () => {
    let run: TrafficRun | undefined;
    afterEach(() => run?.stop());

    it('shows which paths are denied, by which half, and which policies allow the rest', async () => {
      if (cluster === undefined || relay === undefined) return;
      const dial = () => forward(cluster, relay);
      const started = runSource(
        createHubbleSource({ dial, since: Date.now() - 60_000, namespaces: ['payments'] }),
      );
      run = started;
      await vi.waitFor(
        () => {
          const fold = createFold();
          fold.add(started.flows, 0);
          const rows = fold.rows(60_000);
          const row = (source: string, destination: string, port: number) =>
            rows.find(
              (one) => one.sourceName === source && one.destinationName === destination && one.port === port,
            );
          expect(row('web', 'db', 5432)).toMatchObject({
            verdict: 'drop',
            newest: { dropDirection: 'egress', dropReason: { code: 133 } },
          });
          expect(row('api', 'web', 8080)).toMatchObject({
            verdict: 'drop',
            newest: { dropDirection: 'ingress' },
          });
          expect(row('api', 'db', 5432)).toMatchObject({
            verdict: 'allow',
            newest: { allowedBy: [{ name: 'db-from-api', direction: 'ingress' }] },
          });
          expect(started.state()).toMatchObject({ status: 'live', nodes: { connected: 1, total: 1 } });
        },
        { timeout: 60_000, interval: 500 },
      );
    });
  },
);
