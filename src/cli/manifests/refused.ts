import { nearestNames, safeText } from '../../core/common/common.ts';
import {
  groupOf,
  kindOf,
  POLICY_KINDS,
  type PolicyKind,
  policyKindOf,
  validateNetworkPolicy,
} from '../../core/policy/kinds/kinds.ts';
import { foreignPolicyOf, type ManifestObject, objectText } from './manifest-objects.ts';

/** A policy that would not take effect as written. */
export type RefusedObject = {
  readonly object: ManifestObject;
  readonly by: 'the API server' | 'Cilium';
  /** Why, in the words of the API server or Cilium. */
  readonly problems: readonly string[];
  /** What is done with it here, one sentence. */
  readonly fate: string;
};

/** The policies that the API server or Cilium would reject. */
export function refusedObjects(objects: readonly ManifestObject[]): readonly RefusedObject[] {
  return objects.flatMap((object): readonly RefusedObject[] => {
    const kind = policyKindOf(object.apiVersion, object.kind);
    if (kind !== undefined) return refusalOf(object, kind);
    if (foreignPolicyOf(object, '') !== undefined) return [];
    const problem = unservedKind(object);
    return problem === undefined
      ? []
      : [{ object, by: 'the API server', problems: [problem], fate: 'It is skipped.' }];
  });
}

/** `the API server would reject NetworkPolicy shop/p: why; and why`. */
export function refusalText({ object, by, problems }: RefusedObject): string {
  const shown = problems.slice(0, 3).join('; ');
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : '';
  return `${by} would reject ${objectText(object)}: ${safeText(shown, 2_000)}${more}`;
}

/** A refusal as data. */
export function refusalJson({
  object: { kind, namespace, name, place },
  by,
  problems,
}: RefusedObject): unknown {
  return { kind, namespace, name, place, by, problems };
}

function refusalOf(object: ManifestObject, kind: PolicyKind): readonly RefusedObject[] {
  const isCilium = kind.group === 'cilium.io';
  const wrong = versionProblem(object, kind);
  const found = problemsOf(object, kind);
  const problems = wrong === undefined || found.includes(wrong) ? found : [wrong, ...found];
  if (problems.length === 0) return [];
  const byCilium = isCilium && wrong === undefined;
  return [
    {
      object,
      by: byCilium ? 'Cilium' : 'the API server',
      problems,
      fate: byCilium ? 'It has no effect.' : 'The parts that can be read are evaluated.',
    },
  ];
}

/** What Cilium only warns about is not a rejection. */
function problemsOf({ raw }: ManifestObject, { kind, group, parse }: PolicyKind): readonly string[] {
  if (kind === 'NetworkPolicy') return validateNetworkPolicy(raw);
  const { problems, inert } = parse(raw);
  if (group !== 'cilium.io') return problems;
  return inert === true ? problems.map((text) => text.replace(/^Cilium rejects it: /, '')) : [];
}

function versionProblem({ apiVersion }: ManifestObject, { group, version }: PolicyKind): string | undefined {
  const wanted = `${group}/${version}`;
  if (apiVersion === wanted) return undefined;
  return `apiVersion: Unsupported value: ${JSON.stringify(apiVersion)}: supported values: ${JSON.stringify(wanted)}`;
}

/** A policy kind in the wrong API group, or a misspelled one. */
function unservedKind({ apiVersion, kind }: ManifestObject): string | undefined {
  const group = groupOf(apiVersion);
  const meant = kindOf(kind);
  if (meant !== undefined && ['', 'extensions', ...GROUPS].includes(group)) {
    return `no kind ${kind} in ${apiVersion}, only in ${meant.group}/${meant.version}`;
  }
  const [near] = nearestNames(
    kind.toLowerCase(),
    POLICY_KINDS.filter((item) => item.group === group).map((item) => item.kind.toLowerCase()),
    2,
  );
  const known = POLICY_KINDS.find((item) => item.kind.toLowerCase() === near);
  return known === undefined ? undefined : `no kind ${kind} in ${apiVersion} (did you mean ${known.kind}?)`;
}

const GROUPS = [...new Set(POLICY_KINDS.map(({ group }) => group))];
