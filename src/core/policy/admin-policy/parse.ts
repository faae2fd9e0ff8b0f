import { parseSelector, safeLabels } from '../../cluster/selector.ts';
import { isRecord, numberOf, type Raw, rawOf, rawsOf, textOf, timeOf } from '../../json.ts';
import { safeText } from '../../safe-text.ts';
import { originOf } from '../model/origin.ts';
import type { Direction, Peer, PodMatch, Policy, Rule, RuleAction, Tier } from '../model/policy.ts';
import { parsePeers } from './peers.ts';
import { parsePorts } from './ports.ts';

/**
 * An AdminNetworkPolicy, a BaselineAdminNetworkPolicy (v1alpha1, both peer schemas) or a ClusterNetworkPolicy
 * (v1alpha2). Never throws. What cannot be read fails closed: such a rule accepts nothing, and denies broadly (ANP-10);
 * `problems` says so.
 */
export function parseAdminPolicy(raw: unknown): Policy {
  const object = rawOf(raw);
  const metadata = rawOf(object.metadata);
  const spec = rawOf(object.spec);
  const kind = textOf(object.kind) ?? 'AdminNetworkPolicy';
  const problems: string[] = [];
  const tier = tierOf(kind, spec);
  const subject = subjectOf(spec, problems);
  const priority = tier === 'baseline' && kind === 'BaselineAdminNetworkPolicy' ? 0 : numberOf(spec.priority);
  if (priority === undefined) problems.push('spec.priority must be a number');
  return {
    kind,
    name: safeText(textOf(metadata.name) ?? ''),
    uid: textOf(metadata.uid) ?? '',
    labels: safeLabels(metadata.labels),
    annotations: safeLabels(metadata.annotations),
    tier,
    priority: priority ?? 0,
    subject: subject ?? EVERYBODY,
    isolates: { ingress: false, egress: false },
    ingress: rulesOf(spec, 'ingress', problems),
    egress: rulesOf(spec, 'egress', problems),
    ...(subject === undefined ? { inert: true } : {}),
    problems,
    ...originOf(metadata),
    created: timeOf(metadata.creationTimestamp),
  };
}

const EVERYBODY: PodMatch = { namespaces: { by: 'labels', selector: [] }, pods: [], notOnHost: true };

function tierOf(kind: string, spec: Raw): Tier {
  if (kind === 'ClusterNetworkPolicy') return spec.tier === 'Baseline' ? 'baseline' : 'admin';
  return kind === 'BaselineAdminNetworkPolicy' ? 'baseline' : 'admin';
}

/** `namespaces` or `pods`; without either the API server would not have taken it (ANP-6). */
function subjectOf(spec: Raw, problems: string[]): PodMatch | undefined {
  const subject = rawOf(spec.subject);
  if (isRecord(subject.namespaces)) {
    const { selector, problems: found } = parseSelector(subject.namespaces);
    problems.push(...found);
    return found.length > 0 ? undefined : { ...EVERYBODY, namespaces: { by: 'labels', selector } };
  }
  if (isRecord(subject.pods)) {
    const namespaces = parseSelector(subject.pods.namespaceSelector);
    const pods = parseSelector(subject.pods.podSelector);
    problems.push(...namespaces.problems, ...pods.problems);
    if (namespaces.problems.length + pods.problems.length > 0) return undefined;
    return { ...EVERYBODY, namespaces: { by: 'labels', selector: namespaces.selector }, pods: pods.selector };
  }
  problems.push('spec.subject must name namespaces or pods');
  return undefined;
}

function rulesOf(spec: Raw, direction: Direction, problems: string[]): readonly Rule[] {
  return rawsOf(spec[direction]).flatMap((raw, index): readonly Rule[] => {
    const path = `spec.${direction}[${index}]`;
    const action = actionOf(raw.action);
    if (action === undefined) {
      problems.push(`${path}: action ${JSON.stringify(raw.action)} is unknown`);
      return [];
    }
    const peers = parsePeers(raw[direction === 'ingress' ? 'from' : 'to'], path, problems);
    const ports = parsePorts(raw.ports ?? raw.protocols, path, problems);
    return [{ action, peers: failClosed(action, peers), ports }];
  });
}

function actionOf(value: unknown): RuleAction | undefined {
  switch (value) {
    case 'Allow':
    case 'Accept':
      return 'allow';
    case 'Deny':
      return 'deny';
    case 'Pass':
      return 'pass';
    default:
      return undefined;
  }
}

/** A rule with an unknown peer must not accept it, and denies as if it were everybody (ANP-10). */
function failClosed(action: RuleAction, peers: readonly Peer[]): Rule['peers'] {
  const known = peers.filter((peer) => peer.type !== 'unknown');
  if (known.length === peers.length) return peers;
  if (action === 'allow') return known;
  return action === 'deny' ? 'any' : peers;
}
