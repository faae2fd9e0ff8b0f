import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wallClock } from '../../../views/text/text.ts';
import type { GrantRequest } from '../../core/grants/grants.ts';
import type { Demo } from '../../demo/demo.ts';
import { type AttemptLine, createAttemptLines, type Runtime, untilAborted } from '../../session/session.ts';
import { openDemo, withRuntime } from '../connect/connect.ts';
import { type ConnectionOptions, EXIT, type VerbContext, writeEvent } from '../shared/shared.ts';
import { eventJson, eventText, type LineEvent } from './line-events.ts';
import { followGrant, type GrantFollower } from './run-grant.ts';
import { runScreen, type ScreenOptions } from './screen.ts';
import { pad } from './table.ts';

export type DemoOptions = { readonly plain?: boolean; readonly serve?: boolean; readonly seed?: number };

/** `sluice demo`: the app on the embedded cluster; the scripted tour in line mode; or only the cluster. */
export async function demo(
  context: VerbContext,
  asked: DemoOptions & ScreenOptions,
  interactive: boolean,
): Promise<number> {
  const { startDemo } = await import('../../demo/demo.ts');
  const cluster = await startDemo(asked.seed === undefined ? {} : { seed: asked.seed });
  try {
    if (asked.serve === true) return await serve(context, cluster);
    if (!interactive || asked.plain === true || context.options.output !== 'table')
      return await tour(context, cluster);
    return await runScreen(context, asked, {
      connect: () => openDemo(cluster, context.options),
      contexts: async () => ({ names: ['demo'], current: 'demo' }),
    });
  } finally {
    await cluster.stop();
  }
}

/**
 * Keeps the embedded cluster running for other programs, with a kubeconfig that only this user can read, until the
 * signal aborts; the kubeconfig is then deleted.
 *
 * @throws the reason of the signal
 */
async function serve({ options, output, signal }: VerbContext, demo: Demo): Promise<never> {
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
    'The demo cluster is running; press ctrl-c to stop it. In another terminal:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    '  sluice explain web sts/db --port 5432/tcp',
  ].join('\n');
}

/** The path that the demo opens. */
const STORY = {
  namespace: 'shop',
  source: { type: 'workload', ref: { kind: 'Deployment', namespace: 'shop', name: 'web' } },
  destination: { type: 'workload', ref: { kind: 'StatefulSet', namespace: 'shop', name: 'db' } },
} as const;

const REQUEST: GrantRequest = {
  source: STORY.source,
  destination: STORY.destination,
  ports: [{ port: 5_432, protocol: 'TCP' }],
  seconds: 10,
  reason: 'payment page shows no orders',
  ticket: 'INC-4411',
};

/**
 * The demo in line mode: one full run on the embedded cluster, from a drop and its reason to a grant that is proven
 * closed. Revokes the grant when interrupted.
 */
async function tour({ options, output, signal }: VerbContext, demo: Demo): Promise<number> {
  const emit = (event: LineEvent) =>
    writeEvent(output, options.output, eventJson(event), () => eventText(event));
  let running: Runtime | undefined;
  let follower: GrantFollower | undefined;
  let onFlows = () => {};
  const listener = { grants: () => follower?.changed(), flows: () => onFlows() };
  const connection = await openDemo(demo, options as ConnectionOptions);
  const work = { traffic: true, streams: true, signal, listener };
  const told = withRuntime(connection, work, async (runtime, within) => {
    running = runtime;
    if (options.output === 'table') output.out(`${clusterLine(runtime)}\n`);
    const line = await firstDrop(
      runtime,
      (look) => {
        onFlows = look;
      },
      within,
    );
    emit({ event: 'attempt', time: line.row.last, line });
    follower = followGrant(() => running ?? runtime, emit);
    try {
      await follower.run(REQUEST, { wait: true, signal: within });
    } finally {
      await tellAudit(runtime, emit);
    }
    return EXIT.done;
  });
  return told.catch((error: unknown) => {
    if (output.isReaderGone?.() === true) return EXIT.done;
    throw error;
  });
}

function clusterLine({ model, engine, info }: Runtime): string {
  const policies = [...model.policies()].length;
  const nodes = [...model.nodes()].length;
  const pods = [...model.podsIn(STORY.namespace)].length;
  const text = `demo, Kubernetes ${info.version}, ${pods} pods in ${STORY.namespace}, ${policies} policies, enforcer ${engine.dialect.enforcer}, hubble ${nodes} nodes`;
  return `${wallClock(Date.now())}  ${pad('cluster', 9)}  ${text}`;
}

/** Waits for a drop on the demo's path. */
function firstDrop(
  runtime: Runtime,
  onFlows: (look: () => void) => void,
  signal: AbortSignal,
): Promise<AttemptLine> {
  const lines = createAttemptLines(runtime.model, runtime.engine);
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = lines(runtime.fold.rows(Date.now())).find(
        ({ row }) => row.verdict === 'drop' && row.sourceName === 'web' && row.port === 5_432,
      );
      if (found !== undefined) resolve(found);
    };
    onFlows(look);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    look();
  });
}

async function tellAudit(runtime: Runtime, emit: (event: LineEvent) => void): Promise<void> {
  const { verifyAuditLog } = await import('../../audit/audit.ts');
  const { path } = await runtime.connection.audit(runtime.info);
  const result = await verifyAuditLog(path);
  emit({
    event: 'audit',
    time: runtime.connection.api.clock.now(),
    records: result.records,
    ok: result.ok,
    text: result.text,
  });
}
