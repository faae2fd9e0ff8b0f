import { ServerCredentials } from '@grpc/grpc-js';
import { expect, it, vi } from 'vitest';
import { createHubbleSource } from '../../../src/hubble/client/source.ts';
import { eventually } from '../../helpers/eventually.ts';
import { startHubble } from '../../helpers/hubble/hubble-server.ts';
import { runSource } from '../../helpers/hubble/traffic-run.ts';
import { TEST_CERT, TEST_KEY } from '../../helpers/servers/tls-pair.ts';

/** In a separate file, because Node warns only once per process. */
it('TLS to an address does not make Node warn on the terminal', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  const pair = [{ cert_chain: Buffer.from(TEST_CERT), private_key: Buffer.from(TEST_KEY) }];
  const server = await startHubble(() => {}, { credentials: ServerCredentials.createSsl(null, pair) });
  const run = runSource(createHubbleSource({ address: server.address, tls: { ca: TEST_CERT } }));
  await eventually(() => expect(run.state()).toMatchObject({ status: 'live' }));
  await run.stop();
  server.stop();
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});
