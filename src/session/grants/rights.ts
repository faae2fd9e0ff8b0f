import { SluiceError } from '../../core/errors.ts';
import type { AccessQuestion, ClusterApi, Identity } from '../../core/ports.ts';
import { JOBS, POLICIES } from './objects.ts';

/** What a grant needs of both kinds in each namespace that it touches, and what an extension needs (GRANT-9). */
const VERBS = {
  grant: ['create', 'get', 'delete'],
  extend: ['get', 'patch'],
} as const;

/**
 * Asks the server for every right that the work needs, before anything is written.
 *
 * @throws SluiceError `forbidden`, naming verb, resource and namespace of all that is missing
 */
export async function checkRights(
  api: ClusterApi,
  identity: Identity,
  work: keyof typeof VERBS,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const questions: AccessQuestion[] = [...new Set(namespaces)].flatMap((namespace) =>
    [JOBS, POLICIES].flatMap(({ group, resource }) =>
      VERBS[work].map((verb) => ({ verb, group, resource, namespace })),
    ),
  );
  const answers = await api.allowed(questions, signal);
  const missing = answers.filter(({ allowed }) => !allowed);
  if (missing.length === 0) return;
  const text = missing.map(
    ({ verb, resource, namespace }) => `${verb} ${resource} in namespace ${namespace}`,
  );
  throw new SluiceError('forbidden', `${identity.username} may not ${text.join(', ')}.`, HINTS[work]);
}

const HINTS = {
  grant:
    'Ask for the missing rights; without rights for Jobs nothing would end the grant if this machine died.',
  extend: 'Ask for the missing rights; the lease and the marks on the policy move together.',
} as const;
