import type { Lint } from './context.ts';

/** Deny rules alone put the pods in default deny as well (CIL-2). */
export const denyIsolates: Lint = {
  id: 'deny-isolates',
  title: 'deny rules alone cut everything else too',
  source: 'cilium #20914: a policy with only deny rules also switches default deny on',
  severity: 'warning',
  *check(context, policy) {
    if (!policy.kind.startsWith('Cilium')) return;
    const alone = (direction: 'ingress' | 'egress') =>
      context.selected(policy).some((pod) =>
        context.engine
          .policiesOn(pod)
          .filter(({ tier }) => tier === 'normal')
          .flatMap((other) => context.world.matching.readings(other))
          .every((reading) => reading[direction].every(({ action }) => action === 'deny')),
      );
    for (const reading of context.world.matching.readings(policy)) {
      for (const direction of ['ingress', 'egress'] as const) {
        const rules = reading[direction];
        if (!reading.isolates[direction] || rules.length === 0) continue;
        if (rules.some(({ action }) => action !== 'deny') || !alone(direction)) continue;
        yield {
          direction,
          text: `It has only deny rules for ${direction}, and they also deny whatever no rule admits, which here is everything.`,
          fix: `Write enableDefaultDeny: {${direction}: false}, or admit what is meant to pass.`,
        };
      }
    }
  },
};
