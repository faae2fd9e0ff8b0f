import type { Grant, GrantRequest } from '../../core/grants/grants.ts';
import { dryRun, type Runtime, yamlOf } from '../../session/session.ts';
import { needPods, openConnection, withRuntime } from '../connect/connect.ts';
import { EXIT, type VerbContext, writeEvent } from '../shared/shared.ts';
import {
  confirmPlan,
  type MadePlan,
  mustBePlan,
  type PathOptions,
  readAsked,
  reasonOf,
  tellNotes,
} from './asked-grant.ts';
import { eventJson, eventText, type LineEvent } from './line-events.ts';
import { followGrant, type GrantFollower } from './run-grant.ts';
import { writeEnds } from './with-grants.ts';

export type GrantOptions = PathOptions & {
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly breakGlass?: string;
};

/**
 * `sluice grant`: opens a path for a while. With `--wait` it proves the path open, counts down, revokes and proves it
 * closed; without, the lease ends the grant.
 */
export async function grant(context: VerbContext, asked: GrantOptions): Promise<number> {
  const { options, config, output, signal } = context;
  const read = readAsked(context, asked);
  const why = asked.breakGlass === undefined ? undefined : reasonOf(asked.breakGlass);
  const connection = await openConnection(options, {}, signal);
  const requestIn = (runtime: Runtime): GrantRequest => ({
    ...read(runtime, connection.namespace ?? 'default'),
    ...(why === undefined ? {} : { approval: { type: 'break-glass', why } }),
  });
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
      if (asked.dryRun === true) return showPlan(runtime, request, context);
      await writeEnds(runtime.grantDeps, connection, output, signal);
      follower = followGrant(() => running ?? runtime, emit);
      const confirm = (plan: MadePlan) => {
        confirmPlan(plan, asked);
        if (why !== undefined) output.err(UNAPPROVED);
      };
      const ended = await follower.run(request, { wait: asked.wait === true, confirm, signal });
      return isShut(ended) ? EXIT.done : EXIT.failed;
    },
  );
}

const UNAPPROVED =
  'sluice: WARNING: This grant goes without approval: its objects, the log and an event say so.\n';

/** Whether new connections are blocked as promised; surviving ones are reported, and are up to the enforcer. */
export function isShut({ state }: Grant): boolean {
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
