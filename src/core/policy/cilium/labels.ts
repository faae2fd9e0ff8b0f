import { holds, type Labels, parseSelector, type Requirement, type Selector } from '../../cluster/cluster.ts';
import { type Peer, unprefixed } from '../model/model.ts';
import { refuse } from './ports.ts';

export const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
export const SERVICE_ACCOUNT_LABEL = 'io.cilium.k8s.policy.serviceaccount';
export const CLUSTER_LABEL = 'io.cilium.k8s.policy.cluster';

/**
 * Whether a pod label is not part of its identity, so that selecting by it matches nothing (CIL-8). `option` is
 * Cilium's `labels` setting.
 */
export function isIgnoredLabel(key: string, option = ''): boolean {
  return !labelFilter(option).own(unprefixed(key).key);
}

const NO_LABELS: Labels = {};

/** Whether a pod's identity satisfies a selector whose keys may carry a source (CIL-7). */
export function matchesIdentity(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => {
    if (!requirement.key.includes(':')) return holds(requirement, labels);
    const { source, key } = unprefixed(requirement.key);
    const known = source === 'any' || source === 'k8s';
    return holds({ ...requirement, key }, known ? labels : NO_LABELS);
  });
}

/** Whether a selector refers to namespaces, in any of the three spellings (CIL-6). */
export function mentionsNamespace(selector: Selector): boolean {
  return selector.some((requirement) => {
    const { source, key } = unprefixed(requirement.key);
    return (
      (source === 'any' || source === 'k8s') && (key === NAMESPACE_LABEL || key.startsWith(NAMESPACE_LABELS))
    );
  });
}

/** Whether a requirement is the namespace in matchLabels, which Cilium replaces with the policy's own. */
export function isReplacedNamespace({ key, isLabel }: Requirement, prefix: '' | 'k8s:'): boolean {
  return isLabel === true && key === `${prefix}${NAMESPACE_LABEL}`;
}

/** An EndpointSelector; an invalid one makes Cilium reject the policy. */
export function readSelector(value: unknown): Selector {
  const { selector, problems } = parseSelector(value);
  const [problem] = problems;
  return problem === undefined ? selector : refuse(`invalid label selector: ${problem}`);
}

/**
 * A selector in fromEndpoints or toEndpoints: pods in the policy's namespace, unless it names namespaces itself; in a
 * clusterwide policy, pods in all namespaces. With a `reserved:` key it matches ends that are not pods (CIL-5, CIL-6).
 */
export function endpointsPeer(value: unknown, namespace: string | undefined): Peer {
  const selector = readSelector(value);
  if (selector.some(({ key }) => unprefixed(key).source === 'reserved'))
    return { type: 'reserved', selector };
  const confined = namespace !== undefined && !mentionsNamespace(selector);
  return {
    type: 'pods',
    namespaces: confined ? { by: 'name', name: namespace } : { by: 'labels', selector: [] },
    pods: selector,
    identity: 'cilium',
  };
}

/** Whether a label key becomes part of an identity, for pod labels and for derived ones. */
export type LabelFilter = {
  readonly own: (key: string) => boolean;
  readonly derived: (key: string) => boolean;
};

type Prefix = { readonly ignore: boolean; readonly pattern: RegExp };

/**
 * Cilium's defaults, as regular expressions anchored at the start only (CIL-8). The first four are includes that win
 * over the ignores because they are longer.
 */
const BASE: readonly string[] = [
  'io\\.kubernetes\\.pod\\.namespace',
  'io\\.cilium\\.k8s\\.namespace\\.labels',
  'io\\.cilium\\.k8s\\.policy\\.cluster',
  'app\\.kubernetes\\.io',
  '!io\\.kubernetes',
  '!kubernetes\\.io',
  '!.*beta\\.kubernetes\\.io',
  '!k8s\\.io',
  '!topology\\.kubernetes\\.io',
  '!statefulset\\.kubernetes\\.io/pod-name',
  '!apps\\.kubernetes\\.io/pod-index',
  '!batch\\.kubernetes\\.io/job-completion-index',
  '!batch\\.kubernetes\\.io/controller-uid',
  '!pod-template-generation',
  '!pod-template-hash',
  '!controller-revision-hash',
  '!controller-uid',
  '!annotation.*',
  '!etcd_node',
];

const DEFAULTS = BASE.flatMap(parsePrefix);

/** Derived labels stay unless the option names them: namespace labels are never filtered by default (CIL-8). */
const DERIVED = DEFAULTS.slice(0, 3);

/**
 * The filter that Cilium's `labels` option makes of its defaults; '' is the defaults. An entry without `!` turns it
 * into an allow-list; where an include and an ignore both match, the longer match wins (CIL-8).
 */
export function labelFilter(option: string): LabelFilter {
  const own = option.split(/[\s,]+/).filter((entry) => entry !== '');
  const extra = own.flatMap(parsePrefix);
  const prefixes = [...DEFAULTS, ...extra];
  const derived = [...DERIVED, ...extra];
  const isAllowList = extra.some(({ ignore }) => !ignore);
  const answers = new Map<string, boolean>();

  function isAdmitted(key: string, list: readonly Prefix[]): boolean {
    let included = 0;
    let ignored = 0;
    for (const { ignore, pattern } of list) {
      const length = pattern.exec(key)?.[0].length;
      if (length === undefined) continue;
      if (!ignore) included = Math.max(included, length);
      else if (ignored === 0 || length < ignored) ignored = length;
    }
    return (!isAllowList && ignored === 0) || included > ignored;
  }

  return {
    own: (key) => {
      const known = answers.get(key) ?? isAdmitted(key, prefixes);
      if (answers.size > 10_000) answers.clear();
      answers.set(key, known);
      return known;
    },
    derived: (key) => isAdmitted(key, derived),
  };
}

/**
 * `k8s:app`, `app`, `!app`, `k8s:!app`; entries for another source, or with an invalid expression, don't concern pods.
 */
function parsePrefix(text: string): readonly Prefix[] {
  const colon = text.indexOf(':');
  if (colon >= 0 && text.slice(0, colon) !== 'k8s') return [];
  const rest = text.slice(colon + 1);
  const ignore = rest.startsWith('!');
  try {
    return [{ ignore, pattern: new RegExp(`^(?:${ignore ? rest.slice(1) : rest})`) }];
  } catch {
    return [];
  }
}
