import { wallClock } from '../../../views/text/text.ts';
import { plural, SluiceError, safeText } from '../../core/common/common.ts';
import {
  type Grant,
  grantMarks,
  namespacesOf,
  type Remaining,
  remainingOf,
  remainingText,
} from '../../core/grants/grants.ts';
import type { Policy } from '../../core/policy/model/model.ts';
import {
  cutLiving,
  findLivingAfter,
  type GrantDeps,
  type Living,
  type Revoked,
  revokeFound,
  whyLeft,
} from '../../session/session.ts';
import { EXIT, type Output, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { exitOfEnds, tellLeft } from './ended.ts';
import { noGrants } from './grants.ts';
import { livingJson, tellLiving } from './living.ts';
import { type JudgedCluster, pickEither, withGrants } from './with-grants.ts';

/**
 * `sluice revoke ID…` or `--all`: ends grants now; done when the server confirms that every half is gone. `--all` means
 * the current namespace, or all namespaces with `-A`. A grant that can't be revoked does not stop the rest. One that is
 * gone already is an error unless `ignoreNotFound`, as in kubectl. Then the cluster is read anew, to tell what is left of
 * each path (GRANT-18), and which connections live on; with `cut` these are ended where a container of their pod has the
 * right to (ENF-20).
 *
 * @returns 1 when a half was not revoked or not recorded in the log, or with `--cut` a connection lives on, 3 when a path is still open, 6 when a lease is left
 *   behind, 4 when it can't be told whether a half is gone
 */
export async function revoke(
  context: VerbContext,
  ids: readonly string[],
  {
    all,
    cut = false,
    ignoreNotFound,
  }: { readonly all?: boolean; readonly cut?: boolean; readonly ignoreNotFound?: boolean },
): Promise<number> {
  if (ids.length === 0 && all !== true) {
    throw new SluiceError('usage', 'No grant specified.', 'Pass an id from sluice grants, or use --all.');
  }
  if (ids.length > 0 && all === true) {
    throw new SluiceError(
      'usage',
      `--all revokes every grant, not only ${ids.map((id) => safeText(id)).join(', ')}.`,
      'Remove --all, or the ids.',
    );
  }
  const { output, options, signal } = context;
  return withGrants(context, all === true ? 'in-view' : 'wherever', async (deps, found, cluster) => {
    const every = [...found.grants, ...found.requests];
    const known = new Set(every.map(({ id }) => id));
    const wanted = [...new Set(ids)].filter((id) => ignoreNotFound !== true || known.has(id));
    const chosen = all === true ? every : wanted.map((id) => pickEither(found, id));
    const ended = await revokeEach(deps, chosen, signal);
    const around =
      ended.some(({ grant, end }) => end.revoked && grant.waiting === undefined) && !signal.aborted
        ? await cluster()
        : undefined;
    const results: Result[] = [];
    for (const result of ended) {
      const living = await livingOf(around, result, cut, signal);
      results.push({ ...result, left: leftOf(around, result), ...living });
    }
    writeAnswer(output, options.output, results.map(resultJson), () =>
      results.length === 0 && all === true ? noGrants(found.namespace) : results.map(resultText).join(''),
    );
    warn(output, results, cut);
    if (around instanceof SluiceError)
      output.err(`sluice: Whether the paths are closed was not judged: ${around.message}\n`);
    if (results.length < chosen.length) {
      throw new SluiceError(
        'left-open',
        `Interrupted: ${chosen.length - results.length} of ${chosen.length} grants were not revoked.`,
        'Run the command again for the rest.',
      );
    }
    const code = exitOfEnds(
      results.map(({ end }) => end),
      results.some(({ left }) => left?.verdict === 'open'),
    );
    return cut && results.some(({ found }) => found.length > 0) ? EXIT.failed : code;
  });
}

type Ended = { readonly grant: Grant; readonly end: Revoked };

/** `left`: the path as it is now, if the grant was revoked and the cluster could be read. */
type Result = Ended & { readonly left: Remaining | undefined } & LivingOf;

/** Connections that live on, and how many were ended; `unseen`: why there may be more. */
type LivingOf = Living & { readonly cut: number };

async function livingOf(
  around: JudgedCluster | SluiceError | undefined,
  { grant, end }: Ended,
  cut: boolean,
  signal: AbortSignal,
): Promise<LivingOf> {
  const { policies = [] } = grant;
  if (around === undefined || around instanceof SluiceError || !end.revoked) return { found: [], cut: 0 };
  const { engine, connections } = around;
  const living = await findLivingAfter(engine, connections, policies, signal);
  if (!cut || connections === undefined || living.found.length === 0) return { ...living, cut: 0 };
  const left = await cutLiving(connections, engine.model, living.found, signal);
  return { ...living, found: left, cut: living.found.length - left.length };
}

function leftOf(
  around: JudgedCluster | SluiceError | undefined,
  { grant, end }: Ended,
): Remaining | undefined {
  const { policies = [] } = grant;
  const isJudged = end.revoked && policies.length > 0 && grant.waiting === undefined;
  if (around === undefined || around instanceof SluiceError || !isJudged) return undefined;
  const left = remainingOf(around.engine, policies);
  const isPart = around.only !== undefined && namespacesOf(policies).some((name) => name !== around.only);
  return isPart && left.verdict !== 'open' ? { ...left, verdict: 'unknown' } : left;
}

/** One after the other; an interrupt takes effect between grants, never within one. */
async function revokeEach(
  deps: GrantDeps,
  grants: readonly Grant[],
  signal: AbortSignal,
): Promise<readonly Ended[]> {
  const results: Ended[] = [];
  for (const grant of grants) {
    if (signal.aborted) break;
    results.push({ grant, end: await revokeFound(deps, grant) });
  }
  return results;
}

function resultJson({ end, left, found, unseen, cut }: Result): Readonly<Record<string, unknown>> {
  const { id, revoked, unknown, halves, leftovers, unrecorded } = end;
  const path = left === undefined ? undefined : { ...left, through: left.through.map(openerJson) };
  return {
    id,
    revoked,
    unknown,
    halves,
    leftovers,
    recorded: unrecorded.length === 0,
    unrecorded,
    path,
    living: livingJson(found),
    unseen,
    cut,
  };
}

function openerJson(policy: Policy): Readonly<Record<string, unknown>> {
  const { kind, namespace, name } = policy;
  const { id: grant, requester, end } = grantMarks(policy) ?? {};
  return { kind, namespace, name, grant, requester, end };
}

function resultText({ grant, end, left, cut }: Result): string {
  const path = `${grant.source} → ${grant.destination}`;
  const word = grant.waiting === undefined ? 'revoked' : 'withdrawn';
  const closing = cut === 0 ? '' : `; ${plural(cut, 'connection')} cut`;
  const now = `${left === undefined ? '' : `; ${remainingText(left, wallClock)}`}${closing}`;
  if (end.revoked) return `${grant.id} ${word}: ${path}${now}\n`;
  const halves = end.halves.map(
    ({ direction, namespace, done, why, unknown }) =>
      `  ${direction} in ${namespace}: ${done ? 'revoked' : `not ${unknown === true ? 'known to be ' : ''}revoked: ${why ?? '?'}`}\n`,
  );
  return `${grant.id} NOT ${end.unknown ? 'known to be ' : ''}revoked: ${path}\n${halves.join('')}`;
}

function warn(output: Output, results: readonly Result[], tried: boolean): void {
  const { err } = output;
  for (const { end, left, found, unseen } of results) {
    tellLiving(output, found, tried);
    if (unseen !== undefined)
      err(`sluice: note: Connections of ${end.id} may live on, and could not be looked for: ${unseen}.\n`);
    if (left?.verdict === 'open') {
      err(
        `sluice: ${end.id} is revoked, but ${remainingText(left, wallClock)}.\n        ${left.through.length === 0 ? 'Isolate its pods with a policy' : 'Revoke or change what opens it'}, then check with sluice explain.\n`,
      );
    }
    if (!end.revoked) {
      const left = whyLeft(end.halves);
      err(
        end.unknown
          ? `sluice: ${end.id} is not known to be revoked: ${left.join('; ')}.\n        Check with sluice grants once the cluster answers.\n`
          : `sluice: Unable to revoke ${end.id}: ${left.join('; ')}.\n        Try again; once its window is over, sluice sweep removes what is left.\n`,
      );
    }
    tellLeft(output, end);
  }
}
