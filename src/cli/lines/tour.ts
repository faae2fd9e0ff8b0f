import { wallClock } from '../../../views/text/time.ts';
import type { GrantRequest } from '../../core/access/grant.ts';
import type { Demo } from '../../demo/demo.ts';
import { createAttemptLines } from '../../session/rows/attempts/attempt-lines.ts';
import type { Runtime } from '../../session/runtime.ts';
import type { AttemptLine } from '../../session/state.ts';
import { type ConnectionOptions, openDemo } from '../connect/compose.ts';
import { withRuntime } from '../connect/with-runtime.ts';
import { EXIT } from '../exit-codes.ts';
import { pad } from '../output/text.ts';
import { writeEvent } from '../output/write.ts';
import type { VerbContext } from '../verbs/context.ts';
import { eventJson, eventText, type LineEvent } from './events.ts';
import { followGrant, type GrantFollower } from './run-grant.ts';

/** The story's path: what a responder at the demo shop opens. */
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
 * The demo in line mode: the main job once, from a drop and its reason to a proven end, on the embedded cluster.
 * Interrupted, it revokes first.
 */
export async function tour({ options, output, signal }: VerbContext, demo: Demo): Promise<number> {
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

/** Waits for the story's path to be dropped. */
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
  const { verifyAuditLog } = await import('../../audit/verify.ts');
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
