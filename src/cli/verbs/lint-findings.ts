import { keyOf } from '../../core/cluster/cluster.ts';
import { safeText } from '../../core/common/common.ts';
import {
  type Finding,
  LINTS,
  type Lint,
  lint,
  lintServices,
  SERVICE_LINTS,
} from '../../core/policy/lint/lint.ts';
import type { PolicyRef } from '../../core/policy/model/model.ts';
import type { PolicyWorld } from '../connect/connect.ts';
import type { Place, RefusedObject } from '../manifests/manifests.ts';

/** A finding and its place in the manifests. */
export type PlacedFinding = Finding & { readonly place?: Place };

/** The static part of a lint. */
export type LintRule = Pick<Lint, 'id' | 'title' | 'source' | 'severity'>;

const REFUSED: LintRule = {
  id: 'refused',
  title: 'the API server would reject the policy',
  source: 'kubernetes/pkg/apis/networking/validation, strict decoding; compared with a 1.36 API server',
  severity: 'error',
};

/** Every lint of the verb: those of policies, and the one for rejected manifests. */
export const LINT_RULES: readonly LintRule[] = [REFUSED, ...LINTS, ...SERVICE_LINTS];

/** The findings in a world, by policy, without ignored lints. */
export function findingsOf(
  { engine, only, refused, partial, makers, placeOf }: PolicyWorld,
  ignored: ReadonlySet<string>,
): { readonly policies: number; readonly findings: readonly PlacedFinding[] } {
  const isAsked = ({ namespace }: { readonly namespace?: string | undefined }) =>
    only === undefined || namespace === undefined || namespace === only;
  const policies = [...engine.policies()].filter(isAsked);
  const unfit = refused.filter(({ by, object }) => by === 'the API server' && isAsked(object));
  const told = new Set(unfit.map(({ object }) => `${object.kind} ${nameOf(object)}`));
  const ofPolicies = lint(engine, { policies, partial, makers });
  const found = [...ofPolicies, ...lintServices(engine, { only, makers })]
    .filter(({ id, policy }) => id !== 'invalid' || !told.has(`${policy.kind} ${keyOf(policy)}`))
    .map((finding): PlacedFinding => {
      const place = placeOf(finding.policy);
      return place === undefined ? finding : { ...finding, place };
    });
  return {
    policies: policies.length,
    findings: [...unfit.map(refusalOf), ...found].filter(({ id }) => !ignored.has(id)),
  };
}

function refusalOf({ object, problems }: RefusedObject): PlacedFinding {
  const [first = '', ...more] = problems;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return {
    id: REFUSED.id,
    severity: REFUSED.severity,
    policy: refOf(object),
    text: `The API server would reject it: ${safeText(first, 2_000)}${others}.`,
    fix: "Fix it: as written, it can't be applied.",
    place: object.place,
  };
}

function refOf({ kind, namespace, name }: RefusedObject['object']): PolicyRef {
  const ref = { kind: safeText(kind), name: safeText(name === '' ? '(no name)' : name) };
  return namespace === undefined ? ref : { ...ref, namespace: safeText(namespace) };
}

function nameOf({ namespace, name }: RefusedObject['object']): string {
  return keyOf(namespace === undefined ? { name } : { namespace, name });
}
