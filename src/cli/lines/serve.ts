import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Demo } from '../../demo/demo.ts';
import { untilAborted } from '../../session/wait.ts';
import { writeEvent } from '../output/write.ts';
import type { VerbContext } from '../verbs/context.ts';

/**
 * Keeps the embedded cluster up for other programs, with a kubeconfig that only this user can read, until the signal
 * ends it; the kubeconfig goes with it.
 *
 * @throws the reason of the signal
 */
export async function serve({ options, output, signal }: VerbContext, demo: Demo): Promise<never> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, demo.kubeconfig, { mode: 0o600 });
    writeEvent(output, options.output, { event: 'serving', kubeconfig }, () => text(kubeconfig));
    return await untilAborted(signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function text(kubeconfig: string): string {
  return [
    'The demo cluster serves until ctrl-c. In another terminal:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    '  sluice explain web sts/db --port 5432/tcp',
  ].join('\n');
}
