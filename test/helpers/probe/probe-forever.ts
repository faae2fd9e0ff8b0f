import type { Pod } from '../../../src/core/cluster/objects.ts';
import { connect } from '../../../src/kube/kube.ts';
import { createSocketSource } from '../../../src/probe/socket-source.ts';

/** A process that watches one pod until it is killed: `node probe-forever.ts KUBECONFIG POD-AS-JSON`. */
const [kubeconfig = '', text = ''] = process.argv.slice(2);
const pod: Pod = JSON.parse(text);
const { exec } = await connect({ kubeconfig });
await createSocketSource({ exec, now: Date.now }).run(
  { pods: () => [pod], podAt: () => undefined },
  { flows: () => undefined, state: () => undefined },
  new AbortController().signal,
);
