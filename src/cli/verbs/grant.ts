import { several } from '../../../views/text/text.ts';
import { parseDuration, SluiceError, safeText } from '../../core/common/common.ts';
import type { Grant, GrantPlan, GrantRequest } from '../../core/grants/grants.ts';
import {
  grantEndOf,
  grantPortsOf,
  parseGrantPorts,
  parsePathEnd,
  resolveEnd,
} from '../../core/policy/path/path.ts';
import { dryRun, type Runtime, yamlOf } from '../../session/session.ts';
import { needPods, openConnection, withRuntime } from '../connect/connect.ts';
import { EXIT, type VerbContext, writeEvent } from '../shared/shared.ts';
import { eventJson, eventText, type LineEvent } from './line-events.ts';
import { followGrant, type GrantFollower } from './run-grant.ts';
import { writeEnds } from './with-grants.ts';

type Made = Extract<GrantPlan, { ok: true }>;

export type GrantOptions = {
  readonly from: string;
  readonly to: string;
  readonly port: readonly string[];
  readonly for: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
};

/**
 * `sluice grant`: opens a path for a while. With `--wait` it proves the path open, counts down, revokes and proves it
 * closed; without, the lease ends the grant.
 */
export async function grant(context: VerbContext, asked: GrantOptions): Promise<number> {
  const { options, config, output, signal } = context;
  const seconds = parseDuration(asked.for, config.limits.maxSeconds);
  const ports = parseGrantPorts(asked.port.join(','));
  const reason = safeText(asked.reason.trim(), Number.POSITIVE_INFINITY);
  if (reason === '')
    throw new SluiceError('usage', 'The reason is empty.', 'Set --reason to the reason for the audit log.');

  const connection = await openConnection(options, {}, signal);
  const namespace = connection.namespace ?? 'default';
  const [from, to] = [parsePathEnd(asked.from, namespace), parsePathEnd(asked.to, namespace)];
  const requestIn = ({ model }: Runtime): GrantRequest => {
    const source = grantEndOf(model, from, 'source');
    const destination = grantEndOf(model, to, 'destination');
    return {
      source,
      destination,
      ports: grantPortsOf(model, destination, ports),
      seconds,
      reason,
      ...(asked.ticket === undefined ? {} : { ticket: safeText(asked.ticket, Number.POSITIVE_INFINITY) }),
    };
  };
  const emit = (event: LineEvent) => {
    writeEvent(output, options.output, eventJson(event), () => eventText(event));
    if (event.event === 'intent') tellNotes(context, event.plan);
  };
  let running: Runtime | undefined;
  let follower: GrantFollower | undefined;
  const listener = { grants: () => follower?.changed() };
  return withRuntime(
    connection,
    {
      traffic: asked.wait === true,
      asked: options.namespace,
      signal,
      listener,
      limits: config.limits,
      onProblem: ({ message }) => output.err(`sluice: ${message} The grant continues.\n`),
    },
    async (runtime) => {
      running = runtime;
      needPods(runtime);
      const request = requestIn(runtime);
      resolveEnd(runtime.model, request.source);
      resolveEnd(runtime.model, request.destination);
      if (asked.dryRun === true) return showPlan(runtime, request, context);
      await writeEnds(runtime.grantDeps, connection, output, signal);
      await confirm(runtime, request, asked, signal);
      follower = followGrant(() => running ?? runtime, emit);
      const ended = await follower.run(request, { wait: asked.wait === true, signal });
      return isShut(ended) ? EXIT.done : EXIT.failed;
    },
  );
}

/** Whether new connections are blocked as promised; surviving ones are reported, and are up to the enforcer. */
function isShut({ state }: Grant): boolean {
  return state.name !== 'failed' && !(state.name === 'flowing' && state.still === 'new');
}

/** `--dry-run`: the plan, the manifests, and the server's response to them; nothing is stored. */
async function showPlan(runtime: Runtime, request: GrantRequest, context: VerbContext): Promise<number> {
  const { options, output, signal } = context;
  const plan = await runtime.plan(request, signal);
  const good = mustBePlan(plan);
  const objects = good.halves.flatMap(({ lease, policy }) => [lease, policy]);
  if (options.output === 'yaml') {
    output.out(objects.map(yamlOf).join('---\n'));
    return EXIT.done;
  }
  const changes = await dryRun(runtime.grantDeps, good.halves, signal);
  const event: LineEvent = { event: 'intent', time: runtime.connection.api.clock.now(), plan: good };
  writeEvent(output, options.output, { ...eventJson(event), dryRun: true, changes, manifests: objects }, () =>
    eventText(event),
  );
  tellNotes(context, good);
  for (const change of changes) output.err(`sluice: admission would change the object: ${change}\n`);
  return EXIT.done;
}

/** What the plan rests on, for people; JSON has it in the event. */
function tellNotes({ options, output }: VerbContext, { unjudged, warnings }: Made): void {
  if (options.output === 'json') return;
  for (const text of [...unjudged.map((name) => `${name} is not evaluated`), ...warnings])
    output.err(`sluice: note: ${text}.\n`);
}

/** A plan that needs confirmation is refused without `--yes`, as the form requires a second enter. */
async function confirm(
  runtime: Runtime,
  request: GrantRequest,
  asked: GrantOptions,
  signal: AbortSignal,
): Promise<void> {
  if (asked.yes === true) return;
  const plan = await runtime.plan(request, signal);
  if (!plan.ok) return;
  const { isolates, unjudged } = plan;
  const pods = isolates.map(({ pod, direction }) => `${pod.name} (${direction})`);
  const reasons = [
    ...(pods.length > 0
      ? [`The grant would isolate ${several(pods, 3)}, which blocks their other traffic.`]
      : []),
    ...(unjudged.length > 0
      ? [
          `Not evaluated: ${several(unjudged, 3)}, which may block the path in spite of the grant, or open it without.`,
        ]
      : []),
  ];
  if (reasons.length > 0)
    throw new SluiceError('refused', reasons.join(' '), 'Add --yes to continue anyway.');
}

function mustBePlan(plan: GrantPlan): Made {
  if (plan.ok) return plan;
  throw new SluiceError('refused', plan.message, plan.hint);
}
