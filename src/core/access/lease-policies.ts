import { NOTE } from '../grants/grants.ts';
import {
  COMMON,
  commonRules,
  GRANTS_ONLY,
  type Limits,
  limitPolicy,
  type Policy,
} from './admission-policy.ts';
import { ASKED, ASKED_SECONDS, LENGTH, SECONDS } from './lengths.ts';

/** A whole announcement (GRANT-16). */
const ANNOUNCEMENT = `^${LENGTH} of at most ${LENGTH}, by .+$`;

/** The parts `[length, maximum]` of an announcement. */
const PARTS = (window: string) =>
  `[${window}.split(' of at most ')[0], ${window}.split(' of at most ')[1].split(', by ')[0]]`;

/** Every Job with a name or label of a lease ends, in time and with what it owns (LEASE-1, LEASE-8, GRANT-16). */
export const LEASES: Policy = {
  name: 'sluice-leases',
  about:
    'Every Job with the name or label of a lease is one: it runs nothing, ends by itself, and says who set its window.',
  kinds: ['jobs'],
  operations: ['CREATE', 'UPDATE'],
  matching: GRANTS_ONLY,
  variables: {
    ...COMMON,
    window: `variables.notes[?'${NOTE.window}'].orValue('')`,
    wasWindow: `variables.wasNotes[?'${NOTE.window}'].orValue('')`,
    announced: `variables.window.matches('${ANNOUNCEMENT}')`,
    lengths: `variables.announced ? ${PARTS('variables.window')}.map(t, ${SECONDS}) : [0, 0]`,
    asked: ASKED_SECONDS,
    by: "variables.announced ? variables.window.substring(variables.window.indexOf(', by ') + 5) : ''",
  },
  rules: [
    ...commonRules('lease', NOTE.window),
    {
      holds:
        "object.spec.?parallelism.orValue(1) == 0 && !has(object.spec.completions) && !object.spec.?suspend.orValue(false) && object.spec.?managedBy.orValue('kubernetes.io/job-controller') == 'kubernetes.io/job-controller' && object.spec.?ttlSecondsAfterFinished.orValue(-1) == 0",
      message:
        'a lease has parallelism 0 and ttlSecondsAfterFinished 0, and neither completions, suspend nor managedBy',
    },
    {
      holds: 'object.metadata.?ownerReferences.orValue([]).size() == 0',
      message: 'a lease has no owner, which could end it late or early',
    },
    {
      holds:
        'object.spec.?activeDeadlineSeconds.orValue(0) > 0 && variables.announced && variables.lengths[0] == object.spec.activeDeadlineSeconds',
      message: `a lease has activeDeadlineSeconds, and ${NOTE.window} announces it: 15m of at most 8h, by NAME`,
    },
    {
      holds: 'variables.lengths[0] <= variables.lengths[1]',
      message: 'the window is longer than the maximum that was announced',
    },
    {
      holds:
        "(request.operation == 'UPDATE' && variables.window == variables.wasWindow) || variables.by == request.userInfo.username",
      message: `${NOTE.window} must name who sets it`,
    },
    {
      holds: `!variables.wasWindow.matches('${ANNOUNCEMENT}') || !variables.announced || ${PARTS('variables.window')}[1] == ${PARTS('variables.wasWindow')}[1]`,
      message: 'the maximum that was announced must stay',
    },
    {
      holds: `!(${ASKED}) || variables.asked > 0`,
      message: `${NOTE.asked} must be a window such as 15m`,
    },
    {
      holds:
        '!variables.signs || object.spec.activeDeadlineSeconds <= oldObject.spec.?activeDeadlineSeconds.orValue(0) + variables.asked',
      message: `an approval opens for ${NOTE.asked}, and no longer`,
    },
  ],
};

/** A lease is not deleted from above its policy (LEASE-6). */
export const LEASE_ENDS: Policy = {
  name: 'sluice-lease-ends',
  about:
    'The policy of a grant goes with its lease: deletions that would leave it behind for good are refused.',
  kinds: ['jobs'],
  operations: ['DELETE'],
  matching: GRANTS_ONLY,
  variables: {},
  rules: [
    {
      holds: "request.options.?propagationPolicy.orValue('Orphan') != 'Orphan'",
      message:
        'deleting a lease needs propagationPolicy Foreground or Background in the DeleteOptions, or its policy would stay for good',
    },
  ],
};

export function leaseLimits(limits: Limits): Policy {
  return limitPolicy(
    limits,
    {
      name: 'sluice-lease-limits',
      about: 'Leases are no longer than the longest window, and not in protected namespaces.',
      kinds: ['jobs'],
      variables: {
        deadline: 'object.spec.?activeDeadlineSeconds.orValue(0)',
        asked: ASKED_SECONDS,
        approved: `'${NOTE.approvedBy}' in variables.notes`,
      },
      rules: [
        {
          holds: `!(${ASKED}) || variables.asked <= variables.maxSeconds`,
          message: `${NOTE.asked} is longer than the maxSeconds of this cluster`,
        },
        {
          holds: `!(${ASKED}) || variables.approved || variables.deadline <= variables.pendingSeconds`,
          message: 'a request waits longer than the pending time of this cluster',
        },
      ],
    },
    {
      holds: `variables.deadline <= variables.maxSeconds + (${ASKED} ? variables.pendingSeconds : 0)`,
      message: 'the window is longer than the maxSeconds of this cluster',
    },
  );
}
