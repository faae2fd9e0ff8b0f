import { isLive } from '../../cluster/objects.ts';
import { selectorText } from '../explain/text.ts';
import type { PodMatch, Policy } from '../model/policy.ts';
import { isInSight, type Lint, type LintContext, podsMatching } from './context.ts';
import type { Flaw } from './finding.ts';
import { nearestLabel } from './near.ts';

/**
 * A policy whose selector finds no pod that policies apply to (NP-2, NP-5, NP-29, NP-32). Pods that have finished count
 * as there: those of a CronJob come again.
 */
export const selectsNothing: Lint = {
  id: 'selects-nothing',
  title: 'the policy selects no pod',
  source: 'Kubernetes API, NetworkPolicySpec.podSelector: a policy applies to the pods that it selects',
  severity: 'warning',
  *check(context, policy) {
    if (context.selected(policy).length > 0) return;
    for (const { subject } of context.world.matching.readings(policy)) {
      if (!isInSight(context, subject)) continue;
      if (podsMatching(context, subject, { finished: true }).some((pod) => !isLive(pod))) continue;
      yield flawOf(context, policy, subject);
    }
  },
};

function flawOf(context: LintContext, policy: Policy, subject: PodMatch): Flaw {
  const where = policy.namespace === undefined ? 'the cluster' : `namespace ${policy.namespace}`;
  const hosts = podsMatching(context, { ...subject, notOnHost: false }).length;
  if (hosts > 0) {
    return {
      text: `It selects only host-network pods (${hosts}), and policies do not apply to those.`,
      fix: 'Rule such pods by a host firewall, or take them off the host network.',
    };
  }
  const { pods } = subject;
  if (pods.length === 0) {
    return {
      severity: 'info',
      text: `It selects every pod of ${where}, and there is none.`,
      fix: 'Keep it if pods are to come, or delete it.',
    };
  }
  const near = nearestLabel(context, subject);
  return {
    text: `It selects ${selectorText(pods)}, and no running pod of ${where} has that${
      near === undefined ? '' : `; there is ${near}`
    }.`,
    fix: 'Correct the selector, or delete the policy if its pods are gone for good.',
  };
}
