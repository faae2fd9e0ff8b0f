import { safeText } from '../../core/common/common.ts';
import type { GrantRequest } from '../../core/grants/grants.ts';
import {
  awaitAnswer,
  dryRun,
  type MadeGrant,
  makeRequest,
  opensAlone,
  type Runtime,
  revokeFound,
} from '../../session/session.ts';
import { EXIT, type VerbContext } from '../shared/shared.ts';
import {
  type AskedParts,
  confirmPlan,
  mustBePlan,
  type PathOptions,
  readAsked,
  withAsked,
} from './asked-grant.ts';
import { isShut } from './grant.ts';
import { CUSTOM } from './request-text.ts';
import { writeEnds } from './with-grants.ts';

export type RequestOptions = PathOptions & { readonly wait?: boolean; readonly dryRun?: boolean };

/**
 * `sluice request`: asks for a grant that somebody else has to approve (GRANT-30). With `--wait` it waits for the answer,
 * and then follows the grant as `grant --wait` does; interrupted before, it withdraws the request.
 *
 * @returns 3 with `--wait` when it was refused, removed, or nobody answered in time
 */
export async function request(context: VerbContext, asked: RequestOptions): Promise<number> {
  const { output, signal } = context;
  const read = readAsked(context, asked);
  return withAsked(
    context,
    { read, wait: asked.wait, stays: 'The request stays.' },
    async ({ runtime, asked: path, follower, emit }) => {
      const { grantDeps: deps, connection } = runtime;
      const { api } = connection;
      const wanted: GrantRequest = { ...path, approval: { type: 'asked' } };
      const answer = await runtime.plan(wanted, signal);
      if (asked.dryRun !== true) await writeEnds(deps, connection, output, signal);
      if (!answer.ok && asked.dryRun !== true) await runtime.refused(wanted, answer);
      const plan = mustBePlan(answer);
      emit({ event: 'intent', time: api.clock.now(), plan });
      if (asked.dryRun === true) {
        const changes = await dryRun(deps, plan.halves, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          return [`alone, you could not: ${error instanceof Error ? error.message : String(error)}`];
        });
        for (const change of changes) output.err(`sluice: the server says to the open objects: ${change}\n`);
        return EXIT.done;
      }
      confirmPlan(plan, asked);
      const alone = await opensAlone(deps, plan, signal);
      const made = await makeRequest(deps, runtime, plan, wanted, () => undefined, signal);
      const hash = made.grant.waiting?.plan ?? '';
      emit({ event: 'requested', time: api.clock.now(), grant: made.grant, plan: hash });
      if (alone === true) output.err(`sluice: ${CUSTOM}\n`);
      if (asked.wait !== true) {
        output.err(`sluice: Somebody else approves it with sluice approve ${made.grant.id}.\n`);
        return EXIT.done;
      }
      return waitFor(runtime, made, plan.opens, { follower, emit, signal });
    },
  );
}

type Waiter = Pick<AskedParts, 'follower' | 'emit'> & { readonly signal: AbortSignal };

async function waitFor(
  { grantDeps: deps, keeper, connection }: Runtime,
  made: MadeGrant,
  opens: Parameters<Runtime['keeper']['take']>[1],
  { follower, emit, signal }: Waiter,
): Promise<number> {
  const { grant } = made;
  const answer = await awaitAnswer(deps, made, signal).catch(async (error: unknown) => {
    // Nothing is left for somebody to open later; it may have been approved a moment ago.
    await revokeFound(deps, grant);
    throw error;
  });
  const time = connection.api.clock.now();
  switch (answer.type) {
    case 'approved': {
      const opened = keeper.take(answer.made, opens);
      emit({ event: 'approved', time, grant: opened, by: opened.approval?.by ?? '?' });
      return isShut(await follower.follow(opened, signal)) ? EXIT.done : EXIT.failed;
    }
    case 'refused':
      emit({ event: 'unanswered', time, grant, why: `refused by ${safeText(answer.why)}` });
      return EXIT.deny;
    case 'expired':
      emit({ event: 'unanswered', time, grant, why: 'nobody answered in time' });
      return EXIT.deny;
    case 'removed':
      emit({ event: 'unanswered', time, grant, why: 'somebody removed the request' });
      return EXIT.deny;
  }
}
