import type { V1SelfSubjectAccessReview } from '@kubernetes/client-node';
import { at, textAt } from '../../core/json.ts';
import type { AccessAnswer, AccessQuestion } from '../../core/ports.ts';
import { safeText } from '../../core/safe-text.ts';
import type { ApiClient } from '../http/client.ts';

/** Questions asked at the same time. */
const TOGETHER = 8;

/** Asks SelfSubjectAccessReview for each question; answers come in the order of the questions. */
export async function askAllowed(
  client: ApiClient,
  questions: readonly AccessQuestion[],
  signal?: AbortSignal,
): Promise<readonly AccessAnswer[]> {
  const answers: AccessAnswer[] = [];
  for (let start = 0; start < questions.length; start += TOGETHER) {
    const some = questions.slice(start, start + TOGETHER);
    answers.push(...(await Promise.all(some.map((question) => ask(client, question, signal)))));
  }
  return answers;
}

async function ask(client: ApiClient, question: AccessQuestion, signal?: AbortSignal): Promise<AccessAnswer> {
  const apiVersion = 'authorization.k8s.io/v1';
  const { value } = await client.call({
    about: { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
    method: 'POST',
    path: `/apis/${apiVersion}/selfsubjectaccessreviews`,
    body: {
      apiVersion,
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { ...question } },
    } satisfies V1SelfSubjectAccessReview,
    repeatable: true,
    signal,
  });
  const reason = textAt(value, 'status', 'reason') || textAt(value, 'status', 'evaluationError');
  return {
    ...question,
    allowed: at(value, 'status', 'allowed') === true,
    ...(reason ? { reason: safeText(reason) } : {}),
  };
}
