import { parseDuration, SluiceError, safeText, several } from '../../core/common/common.ts';
import { type Doubt, type GrantPlan, type GrantRequest, toConfirm } from '../../core/grants/grants.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import {
  grantEndOf,
  grantPortsOf,
  parseGrantPorts,
  parsePathEnd,
  resolveEnd,
} from '../../core/policy/path/path.ts';
import type { Runtime } from '../../session/session.ts';
import { needPods, openConnection, withRuntime } from '../connect/connect.ts';
import { type VerbContext, writeEvent } from '../shared/shared.ts';
import { eventJson, eventText, type LineEvent } from './line-events.ts';
import { followGrant, type GrantFollower } from './run-grant.ts';

/** The options that say which path, for how long and why: those of `grant` and `request`. */
export type PathOptions = {
  readonly from: string;
  readonly to: string;
  readonly port: readonly string[];
  readonly for: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly yes?: boolean;
};

/** A plan that can be made. */
export type MadePlan = Extract<GrantPlan, { ok: true }>;

/** Finds the ends in a cluster; throws `not-found` or `usage` for those that are not there. */
export type AskedGrant = (model: ClusterModel) => GrantRequest;

/**
 * Reads the options of a grant, before anything is connected to; then the ends, in the namespace of the connection.
 *
 * @throws SluiceError `usage`
 */
export function readAsked({ config }: VerbContext, asked: PathOptions): (namespace: string) => AskedGrant {
  const seconds = parseDuration(asked.for, config.limits.maxSeconds);
  const ports = parseGrantPorts(asked.port.join(','));
  const reason = reasonOf(asked.reason);
  return (namespace) => {
    const [from, to] = [parsePathEnd(asked.from, namespace), parsePathEnd(asked.to, namespace)];
    return (model) => {
      const source = grantEndOf(model, from, 'source');
      const destination = grantEndOf(model, to, 'destination');
      const request = {
        source,
        destination,
        ports: grantPortsOf(model, destination, ports),
        seconds,
        reason,
        ...(asked.ticket === undefined ? {} : { ticket: safeText(asked.ticket, Number.POSITIVE_INFINITY) }),
      };
      resolveEnd(model, source);
      resolveEnd(model, destination);
      return request;
    };
  };
}

type Asking = {
  readonly read: ReturnType<typeof readAsked>;
  readonly wait: boolean | undefined;
  readonly stays: string;
};

/** What `grant` and `request` work with: the cluster, what was asked for in it, and how to tell of it. */
export type AskedParts = {
  readonly runtime: Runtime;
  readonly asked: GrantRequest;
  readonly follower: GrantFollower;
  readonly emit: (event: LineEvent) => void;
};

/**
 * Does something about the path of the options, once the cluster is known. `read`: the options, as `readAsked` gives them;
 * `stays`: what goes on if the cluster is lost, as a sentence.
 */
export async function withAsked(
  context: VerbContext,
  { read, wait, stays }: Asking,
  work: (parts: AskedParts) => Promise<number>,
): Promise<number> {
  const { config, output, signal } = context;
  const connection = await openConnection(context.options, {}, signal);
  const requestIn = read(connection.namespace ?? 'default');
  const emit = (event: LineEvent) => {
    writeEvent(output, context.options.output, eventJson(event), () => eventText(event));
    if (event.event === 'intent') tellNotes(context, event.plan);
  };
  let follower: GrantFollower | undefined;
  return withRuntime(
    connection,
    {
      traffic: wait === true,
      asked: context.options.namespace,
      signal,
      listener: { grants: () => follower?.changed() },
      limits: config.limits,
      onProblem: ({ message }) => output.err(`sluice: ${message} ${stays}\n`),
    },
    async (runtime) => {
      needPods(runtime);
      const asked = requestIn(runtime.model);
      follower = followGrant(() => runtime, emit);
      return work({ runtime, asked, follower, emit });
    },
  );
}

/** A reason as it is kept. Throws `usage` for an empty one. */
export function reasonOf(text: string): string {
  const reason = safeText(text.trim(), Number.POSITIVE_INFINITY);
  if (reason !== '') return reason;
  throw new SluiceError('usage', 'The reason is empty.', 'Set --reason to the reason for the audit log.');
}

/** What the plan rests on, for people; JSON has it in the event. */
export function tellNotes({ options, output }: VerbContext, { unjudged, warnings }: MadePlan): void {
  if (options.output === 'json') return;
  for (const text of [...unjudged.map((name) => `${name} is not evaluated`), ...warnings])
    output.err(`sluice: note: ${text}.\n`);
}

/**
 * A plan that needs confirmation is refused without `--yes`, as the form requires a second enter.
 *
 * @throws SluiceError `refused`
 */
export function confirmPlan(plan: MadePlan, { yes }: Pick<PathOptions, 'yes'>): void {
  const doubts = yes === true ? [] : toConfirm(plan);
  if (doubts.length > 0)
    throw new SluiceError('refused', doubts.map(doubtText).join(' '), 'Add --yes to continue anyway.');
}

function doubtText({ what, names }: Doubt): string {
  switch (what) {
    case 'isolates':
      return `The grant would isolate ${several(names, 3)}, which blocks their other traffic.`;
    case 'unknown':
      return `Not evaluated: ${several(names, 3)}, which may block the path in spite of the grant, or open it without.`;
    case 'wide':
      return `The grant would admit whatever has an address in ${several(names, 3)}.`;
  }
}

/** The plan, if it can be made. Throws `refused` with its reason otherwise. */
export function mustBePlan(plan: GrantPlan): MadePlan {
  if (plan.ok) return plan;
  throw new SluiceError('refused', plan.message, plan.hint);
}
