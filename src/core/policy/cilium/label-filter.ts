/** Whether a label, by its key, becomes part of an identity: one of a pod, or one that Cilium derives. */
export type LabelFilter = {
  readonly own: (key: string) => boolean;
  readonly derived: (key: string) => boolean;
};

type Prefix = { readonly ignore: boolean; readonly pattern: RegExp };

/**
 * What Cilium starts from, as regular expressions anchored at the start only (CIL-8). The first four are the includes
 * that win over the ignores, being longer.
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

/** Derived labels stay unless the option itself names them: namespace labels are never filtered by default (CIL-8). */
const DERIVED = DEFAULTS.slice(0, 3);

/**
 * The filter that the `labels` option of Cilium makes of its defaults; '' is the defaults. An entry without `!` turns
 * it into an allow-list; where an include and an ignore both match, the longer match wins (CIL-8).
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

/** `k8s:app`, `app`, `!app`, `k8s:!app`; what speaks of another source, or is no expression, says nothing of pods. */
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
