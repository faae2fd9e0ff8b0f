import { SluiceError } from '../../core/common/common.ts';
import type { Grant, GrantRequest } from '../../core/grants/grants.ts';
import { cutLiving, dryRun, type Runtime, yamlOf } from '../../session/session.ts';
import { EXIT, type Output, type VerbContext, writeEvent } from '../shared/shared.ts';
import {
  confirmPlan,
  type MadePlan,
  mustBePlan,
  type PathOptions,
  readAsked,
  reasonOf,
  tellNotes,
  withAsked,
} from './asked-grant.ts';
import { eventJson, eventText, type LineEvent } from './line-events.ts';
import { tellLiving } from './living.ts';
import { writeEnds } from './with-grants.ts';

export type GrantOptions = PathOptions & {
  readonly wait?: boolean;
  readonly cut?: boolean;
  readonly dryRun?: boolean;
  readonly breakGlass?: string;
};

/**
 * `sluice grant`: opens a path for a while. With `--wait` it proves the path open, counts down, revokes and proves it
 * closed; without, the lease ends the grant. With `--cut` connections that live on are ended where a container of their pod
 * has the right to (ENF-20).
 */
export async function grant(context: VerbContext, asked: GrantOptions): Promise<number> {
  const { output, signal } = context;
  const read = readAsked(context, asked);
  const why = asked.breakGlass === undefined ? undefined : reasonOf(asked.breakGlass);
  if (asked.cut === true && asked.wait !== true)
    throw new SluiceError('usage', '--cut needs --wait.', 'Add --wait, or use sluice revoke --cut later.');
  return withAsked(
    context,
    { read, wait: asked.wait, stays: 'The grant continues.' },
    async ({ runtime, asked: path, follower, emit }) => {
      const request: GrantRequest = {
        ...path,
        ...(why === undefined ? {} : { approval: { type: 'break-glass', why } }),
      };
      if (asked.dryRun === true) return showPlan(runtime, request, context);
      await writeEnds(runtime.grantDeps, runtime.connection, output, signal);
      const confirm = (plan: MadePlan) => {
        confirmPlan(plan, asked);
        if (why !== undefined) output.err(UNAPPROVED);
      };
      const ended = await follower.run(request, { wait: asked.wait === true, confirm, signal });
      const left = await endLiving(runtime, ended, asked, { emit, output, signal });
      return isShut(ended) && left ? EXIT.done : EXIT.failed;
    },
  );
}

const UNAPPROVED =
  'sluice: WARNING: This grant goes without approval: its objects, the log and an event say so.\n';
/** Tells of connections that live on, and ends them if asked to; false if asked, and some live on all the same. */
async function endLiving(
  { connection: { api, connections }, model }: Runtime,
  grant: Grant,
  { cut = false }: GrantOptions,
  io: { readonly emit: (event: LineEvent) => void; readonly output: Output; readonly signal: AbortSignal },
): Promise<boolean> {
  const living = grant.state.name === 'flowing' ? (grant.state.living ?? []) : [];
  if (living.length === 0) return true;
  if (!cut || connections === undefined) {
    tellLiving(io.output, living, false);
    return !cut;
  }
  const left = await cutLiving(connections, model, living, io.signal);
  io.emit({ event: 'cut', time: api.clock.now(), grant, cut: living.length - left.length, left });
  tellLiving(io.output, left, true);
  return left.length === 0;
}

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
