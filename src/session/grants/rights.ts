import { SluiceError } from '../../core/errors.ts';
import type { AccessQuestion, ClusterApi, Identity } from '../../core/ports.ts';
import { JOBS, POLICIES } from './objects.ts';

/** What a grant needs in each namespace that it touches (facts/access.md §2.5). */
const VERBS = ['create', 'get', 'delete'] as const;

/**
 * Asks the server for every right that the grant needs, before anything is written.
 *
 * @throws SluiceError `forbidden`, naming verb, resource and namespace of all that is missing
 */
export async function checkRights(
  api: ClusterApi,
  identity: Identity,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const questions: AccessQuestion[] = namespaces.flatMap((namespace) =>
    [JOBS, POLICIES].flatMap(({ group, resource }) =>
      VERBS.map((verb) => ({ verb, group, resource, namespace })),
    ),
  );
  const answers = await api.allowed(questions, signal);
  const missing = answers.filter(({ allowed }) => !allowed);
  if (missing.length === 0) return;
  const text = missing.map(
    ({ verb, resource, namespace }) => `${verb} ${resource} in namespace ${namespace}`,
  );
  throw new SluiceError(
    'forbidden',
    `${identity.username} may not ${text.join(', ')}.`,
    'Ask for the missing rights; without rights for Jobs nothing would end the grant if this machine died.',
  );
}
