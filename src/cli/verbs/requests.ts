import { asSluiceError, SluiceError } from '../../core/common/common.ts';
import { formatPorts, type Grant } from '../../core/grants/grants.ts';
import { type GrantDeps, opensAlone, type Review, reviewRequest } from '../../session/session.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { askedText, CUSTOM, leftText, requestJson, reviewJson, reviewText } from './request-text.ts';
import { table } from './table.ts';
import { type JudgedCluster, pickRequest, type ReadCluster, withGrants } from './with-grants.ts';

/**
 * `sluice requests [ID]`: what waits for approval in the current namespace, or with `-A` in all, and whether a grant of it
 * would still be what was requested; with an id, the whole plan.
 *
 * @returns 3 with an id whose plan has changed or can't be made any more
 */
export async function requests(context: VerbContext, id: string | undefined): Promise<number> {
  const { options, output, signal } = context;
  if (id !== undefined) return showRequest(context, id);
  return withGrants(context, 'in-view', async (deps, { requests: waiting, namespace }, cluster) => {
    const around = waiting.length === 0 ? undefined : await cluster();
    const judged = await Promise.all(
      waiting.map(async (request) => ({ request, review: await reviewed(deps, around, request, signal) })),
    );
    const now = deps.api.clock.now();
    writeAnswer(output, options.output, judged.map(judgedJson), () =>
      judged.length === 0
        ? noRequests(namespace)
        : table(
            ['id', 'requester', 'source', 'destination', 'ports', 'asked', 'left', 'plan', 'reason'],
            judged.map(({ request, review }) => [
              request.id,
              request.requester,
              request.source,
              request.destination,
              formatPorts(request.ports),
              askedText(request),
              leftText(request, now),
              planWord(review),
              [request.ticket, request.reason].filter((text) => text !== undefined).join(' '),
            ]),
          ),
    );
    if (around instanceof SluiceError)
      output.err(`sluice: Not planned again, as the cluster can't be read: ${around.message}\n`);
    return EXIT.done;
  });
}

type Reviewed = Review | SluiceError | undefined;

async function reviewed(
  deps: GrantDeps,
  around: JudgedCluster | SluiceError | undefined,
  request: Grant,
  signal: AbortSignal,
): Promise<Reviewed> {
  if (around === undefined || around instanceof SluiceError) return undefined;
  return reviewRequest(deps, around, request, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return asSluiceError(error);
  });
}

function judgedJson({ request, review }: { readonly request: Grant; readonly review: Reviewed }) {
  if (review === undefined) return requestJson(request);
  if (review instanceof SluiceError) return { ...requestJson(request), error: review.message };
  return reviewJson(review);
}

/** Whether the plan is still the same, in a word. */
function planWord(review: Reviewed): string {
  if (review === undefined || review instanceof SluiceError) return '?';
  if (review.refusal !== undefined) return 'refused';
  if (review.troubles.length > 0) return 'edited';
  return review.isSame ? 'same' : 'changed';
}

async function showRequest(context: VerbContext, id: string): Promise<number> {
  const { options, output, signal } = context;
  return withGrants(context, 'wherever', async (deps, found, cluster) => {
    const request = pickRequest(found, id);
    const review = await reviewRequest(deps, await known(cluster), request, signal);
    writeAnswer(output, options.output, reviewJson(review), () => reviewText(review, deps.api.clock.now()));
    await tellCustom(context, deps, review);
    return review.isSame && review.troubles.length === 0 ? EXIT.done : EXIT.deny;
  });
}

/** The cluster around a request. Throws why it can't be read. */
export async function known(cluster: ReadCluster): Promise<JudgedCluster> {
  const around = await cluster();
  if (around instanceof SluiceError) throw around;
  return around;
}

/** Says so where the server would let whoever reviews open the path alone (GRANT-36). */
export async function tellCustom(
  { output, signal }: VerbContext,
  deps: GrantDeps,
  { plan }: Review,
): Promise<void> {
  if (plan !== undefined && (await opensAlone(deps, plan, signal)) === true)
    output.err(`sluice: ${CUSTOM}\n`);
}

function noRequests(namespace: string | undefined): string {
  return namespace === undefined
    ? 'No requests found.\n'
    : `No requests found in ${namespace} namespace. Use -A to list all namespaces.\n`;
}
