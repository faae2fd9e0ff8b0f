import { NOTE, PENDING_LABEL, WIDEST } from '../grants/grants.ts';
import { MOST_PORTS } from '../policy/path/path.ts';
import {
  COMMON,
  commonRules,
  GRANTS_ONLY,
  type Limits,
  limitPolicy,
  NAMESPACE,
  type Policy,
} from './admission-policy.ts';
import { ASKED } from './lengths.ts';

/** A selector that picks by something that pods have; one that only excludes picks nearly all. */
const PICKS = (selector: string) =>
  `(${selector}.?matchLabels.orValue({}).size() > 0 || ${selector}.?matchExpressions.orValue([]).exists(e, e.operator in ['In', 'Exists']))`;

const POD_PEER = `(!has(p.ipBlock) && has(p.podSelector) && ${PICKS('p.podSelector')} && p.?namespaceSelector.?matchLabels.orValue({}).size() == 1 && p.?namespaceSelector.?matchLabels[?'${NAMESPACE}'].orValue('') != '' && p.?namespaceSelector.?matchExpressions.orValue([]).size() == 0)`;

/** Addresses in a block that is no wider than a grant may open (GRANT-41). */
const ADDRESS = `(has(p.ipBlock) && p.ipBlock.?except.orValue([]).size() == 0 && int(p.ipBlock.cidr.split('/')[1]) >= (p.ipBlock.cidr.contains(':') ? ${WIDEST[6]} : ${WIDEST[4]}))`;

/** Whether a rule, given in CEL with its peers, is as narrow as a grant (GRANT-5). */
const NARROW = (peers: string) =>
  `r.?${peers}.orValue([]).size() == 1 && r.${peers}.all(p, ${POD_PEER} || ${ADDRESS}) && r.?ports.orValue([]).size() > 0 && r.ports.all(q, has(q.port) && type(q.port) == int) && r.ports.map(q, has(q.endPort) ? q.endPort - int(q.port) + 1 : 1).sum() <= ${MOST_PORTS}`;

const LABELS = (spec: string) => `${spec}.?podSelector.?matchLabels.orValue({})`;
const EXPRESSIONS = (spec: string) => `${spec}.?podSelector.?matchExpressions.orValue([])`;

/** Whether nothing of the spec changes but the mark of a request, which leaves the selector (GRANT-32). */
const ONLY_OPENS = [
  ...['ingress', 'egress', 'policyTypes'].map(
    (field) => `object.spec.?${field} == variables.was.spec.?${field}`,
  ),
  `variables.wasLabels.all(k, k == '${PENDING_LABEL}' || (k in variables.labels && variables.labels[k] == variables.wasLabels[k]))`,
  'variables.labels.all(k, k in variables.wasLabels)',
  `variables.expressions == variables.wasExpressions.filter(e, e.key != '${PENDING_LABEL}')`,
].join(' && ');

/** Every policy with a name or label of a grant is one: owned by its lease, narrow, and left as it was made. */
export const GRANTS: Policy = {
  name: 'sluice-grants',
  about:
    'Every NetworkPolicy with the name or label of a grant is one: owned by its lease alone, narrow, and never changed.',
  kinds: ['networkpolicies'],
  operations: ['CREATE', 'UPDATE'],
  matching: GRANTS_ONLY,
  variables: {
    ...COMMON,
    ingress: 'object.spec.?ingress.orValue([])',
    egress: 'object.spec.?egress.orValue([])',
    labels: LABELS('object.spec'),
    wasLabels: LABELS('variables.was.spec'),
    expressions: EXPRESSIONS('object.spec'),
    wasExpressions: EXPRESSIONS('variables.was.spec'),
    marked: `'${PENDING_LABEL}' in variables.labels || variables.expressions.exists(e, e.key == '${PENDING_LABEL}')`,
    wasMarked: `'${PENDING_LABEL}' in variables.wasLabels`,
    opens: 'variables.wasMarked && !variables.marked',
    owners: 'object.metadata.?ownerReferences.orValue([])',
  },
  rules: [
    ...commonRules('grant', NOTE.expiresAt),
    {
      holds: `variables.opens ? (${ONLY_OPENS}) : variables.was.spec == object.spec`,
      message: `the spec of a grant never changes, but for ${PENDING_LABEL}, which leaves the selector of a request`,
    },
    {
      holds: 'variables.opens == variables.signs',
      message: `${PENDING_LABEL} leaves the selector with the signature of who approves, in one change`,
    },
    {
      holds: `!variables.marked || (variables.labels[?'${PENDING_LABEL}'].orValue('') == 'true' && variables.expressions.filter(e, e.key == '${PENDING_LABEL}').map(e, e.operator) == ['DoesNotExist'])`,
      message: `a request asks for the label ${PENDING_LABEL} and for its absence, so that it selects no pod`,
    },
    {
      holds: `!variables.marked || ${ASKED}`,
      message: `a request says in ${NOTE.asked} what it asks for`,
    },
    {
      holds:
        "variables.owners.size() == 1 && variables.owners.all(o, o.apiVersion == 'batch/v1' && o.kind == 'Job' && o.name == object.metadata.name) && variables.owners == variables.was.metadata.?ownerReferences.orValue([])",
      message: 'a grant has one owner for good, its lease: the Job of the same name',
    },
    {
      holds:
        "object.spec.?policyTypes.orValue([]) == (object.metadata.name.endsWith('-in') ? ['Ingress'] : ['Egress']) && variables.ingress.size() == (object.metadata.name.endsWith('-in') ? 1 : 0) && variables.egress.size() == (object.metadata.name.endsWith('-in') ? 0 : 1)",
      message: 'a grant has one direction, that of its name, and one rule',
    },
    {
      holds: PICKS('object.spec.?podSelector'),
      message: 'a grant selects pods by a label that they have, not all of a namespace',
    },
    {
      holds: `variables.ingress.all(r, ${NARROW('from')}) && variables.egress.all(r, ${NARROW('to')})`,
      message: `a grant admits one peer on numbered ports, at most ${MOST_PORTS}: pods by a label, in the namespace of a ${NAMESPACE}, or addresses in one block of at most /${WIDEST[4]}, or /${WIDEST[6]} of IPv6`,
    },
  ],
};

/** `expires-at` may be late by what the clocks of a cluster differ. */
const LATE = '60s';

export function grantLimits(limits: Limits): Policy {
  const named = (peers: string) =>
    `r.?${peers}.orValue([]).map(p, p.?namespaceSelector.?matchLabels[?'${NAMESPACE}'].orValue(''))`;
  return limitPolicy(
    limits,
    {
      name: 'sluice-grant-limits',
      about:
        'Grants are neither in nor to protected namespaces, and do not claim to last longer than they can.',
      kinds: ['networkpolicies'],
      variables: {
        others: `object.spec.?ingress.orValue([]).map(r, ${named('from')}) + object.spec.?egress.orValue([]).map(r, ${named('to')})`,
        until: `object.metadata.?annotations[?'${NOTE.expiresAt}'].orValue('')`,
      },
      rules: [
        {
          holds:
            '!variables.others.exists(names, names.exists(n, variables.protectedNamespaces.exists(p, n.matches(p))))',
          message: 'the namespace of the other end is protected: nothing is granted from or to it',
        },
      ],
    },
    {
      holds: `variables.until != '' && timestamp(variables.until) - timestamp(object.metadata.creationTimestamp) <= duration(string(variables.maxSeconds + (${ASKED} ? variables.pendingSeconds : 0)) + 's') + duration('${LATE}')`,
      message: `${NOTE.expiresAt} must be a time within the maxSeconds of this cluster`,
    },
  );
}
