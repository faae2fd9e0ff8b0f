import { NOTE, PENDING_LABEL } from '../grants/grants.ts';
import {
  COMMON,
  GRANTS_ONLY,
  type Limits,
  literal,
  NAMESPACE,
  namePatterns,
  type Policy,
} from './admission-policy.ts';
import { ASKED, ASKED_SECONDS } from './lengths.ts';

/** Where an approval is required, and of whom (GRANT-37). */
export type ApprovalRules = {
  /** `*` stands for any run of characters. */
  readonly namespaces: readonly string[];
  /** Groups that may approve; empty: everybody but the requester who has the right to change the objects. */
  readonly approverGroups: readonly string[];
  /** Groups that may go without, if they say why. */
  readonly breakGlassGroups: readonly string[];
};

const isIn = (groups: readonly string[]) =>
  `request.userInfo.?groups.orValue([]).exists(g, g in [${groups.map(literal).join(', ')}])`;

/** Namespaces of the other end, by the policy itself or by the copy that its lease has. */
const peerIn = (patterns: readonly string[]) => {
  const texts = patterns.map((pattern) => pattern.slice(1, -1).replaceAll('.*', '[^"]*'));
  const copy = literal(`"${NAMESPACE}"\\s*:\\s*"(${texts.join('|')})"`);
  const named = (peers: string) =>
    `r.?${peers}.orValue([]).exists(p, [${patterns.map(literal).join(', ')}].exists(n, p.?namespaceSelector.?matchLabels[?'${NAMESPACE}'].orValue('').matches(n)))`;
  return [
    `(request.resource.resource == 'jobs' && object.metadata.?annotations[?'${NOTE.policy}'].orValue('').matches(${copy}))`,
    `(request.resource.resource == 'networkpolicies' && (dyn(object.spec).?ingress.orValue([]).exists(r, ${named('from')}) || dyn(object.spec).?egress.orValue([]).exists(r, ${named('to')})))`,
  ].join(' || ');
};

/**
 * In some namespaces, and from and to them, a path is opened by two: the requester makes a policy that selects nobody, and
 * somebody else takes the mark off. `sluice-grants` and `sluice-leases` hold that change to what it is.
 */
export function approvals(
  { namespaces, approverGroups, breakGlassGroups }: ApprovalRules,
  { pendingSeconds }: Limits,
): Policy {
  const patterns = namePatterns(namespaces);
  const here = `[${patterns.map(literal).join(', ')}].exists(n, request.namespace.matches(n))`;
  return {
    name: 'sluice-approvals',
    about: 'In some namespaces nobody opens a path alone: a grant is a request until somebody else approves.',
    kinds: ['jobs', 'networkpolicies'],
    operations: ['CREATE', 'UPDATE'],
    matching: { ...GRANTS_ONLY, spaces: `${here} || ${peerIn(patterns)}` },
    variables: {
      ...COMMON,
      isLease: "request.resource.resource == 'jobs'",
      isNew: "request.operation == 'CREATE'",
      isOther: `variables.requester != request.userInfo.username${approverGroups.length === 0 ? '' : ` && ${isIn(approverGroups)}`}`,
      glass: `variables.notes[?'${NOTE.breakGlass}'].orValue('').trim() != ''`,
      mayGoWithout: breakGlassGroups.length === 0 ? 'false' : isIn(breakGlassGroups),
      asked: ASKED_SECONDS,
      deadline: 'variables.isLease ? dyn(object.spec).?activeDeadlineSeconds.orValue(0) : 0',
      wasDeadline: 'variables.isLease ? dyn(variables.was.spec).?activeDeadlineSeconds.orValue(0) : 0',
      pendingSeconds: String(pendingSeconds),
    },
    rules: [
      {
        holds: '!variables.isNew || !variables.glass || variables.mayGoWithout',
        message: `you may not grant without approval: ask for one with sluice request, without ${NOTE.breakGlass}`,
      },
      {
        holds: `!variables.isNew || variables.isLease || variables.glass || dyn(object.spec).?podSelector.?matchLabels[?'${PENDING_LABEL}'].orValue('') == 'true'`,
        message: 'nobody opens a path alone here: ask for approval with sluice request',
      },
      {
        holds: `!variables.isNew || !variables.isLease || variables.glass || (${ASKED} && variables.deadline <= variables.pendingSeconds)`,
        message:
          'a grant needs approval here: ask for it with sluice request, which ends within the pending time',
      },
      {
        holds: '!variables.signs || variables.isOther',
        message: 'you may not approve this request',
      },
      {
        holds:
          "variables.isNew || variables.deadline <= variables.wasDeadline || (variables.isOther && (variables.signer != '' || variables.glass))",
        message:
          'only somebody else than the requester may move the deadline here: let an approver extend it',
      },
    ],
  };
}
