/* Mistakes in policies, each with what to do about it. */

import { keyOf } from '../../cluster/cluster.ts';
import type { Engine } from '../decide/decide.ts';
import type { ForeignObject, Policy, PolicyRef } from '../model/model.ts';
import { type Lint, type LintContext, lintContext } from './context.ts';
import type { Finding, Flaw, Severity } from './finding.ts';
import { SERVICE_LINTS } from './service-lints.ts';
import { LINTS } from './table.ts';

export { type Lint, lintContext } from './context.ts';
export type { Finding, Severity } from './finding.ts';
export { createPodAddresses } from './pods-inside.ts';
export { SERVICE_LINTS } from './service-lints.ts';
export { LINTS } from './table.ts';

const ORDER: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/**
 * Findings in the policies of a cluster, by policy (`policies` absent: all of them), worst first within each. `lints`
 * absent: all of `LINTS`. `partial`: pods and namespaces may exist that are not visible, and whatever they could make
 * right is not reported. `makers`: objects that may make pods which are not visible: no pod to be found is then only
 * worth knowing. A policy that is rejected as a whole is reported as such and not checked further.
 */
export function lint(
  engine: Engine,
  options: {
    readonly policies?: Iterable<Policy>;
    readonly lints?: readonly Lint[];
    readonly partial?: boolean;
    readonly makers?: readonly ForeignObject[];
  } = {},
): readonly Finding[] {
  const { policies = engine.policies(), lints = LINTS, partial = false, makers = [] } = options;
  const context = { ...lintContext(engine, partial), makers };
  return [...policies].sort(byName).flatMap((policy) => lintPolicy(context, policy, lints));
}

/**
 * Findings in the Services of namespaces that have policies, by name: what they lead to is what policies are evaluated
 * on. `only`: of this namespace alone.
 */
export function lintServices(
  engine: Engine,
  options: { readonly only?: string | undefined; readonly makers?: readonly ForeignObject[] } = {},
): readonly Finding[] {
  const { only, makers = [] } = options;
  const context = { ...lintContext(engine, false), makers };
  const homes = new Set(Array.from(engine.policies(), ({ namespace }) => namespace));
  const services = [...engine.model.services()].filter(
    ({ namespace }) => homes.has(namespace) && (only === undefined || namespace === only),
  );
  return services
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .flatMap((service) =>
      SERVICE_LINTS.flatMap(({ id, severity, check }) =>
        [...check(context, service)].map((flaw): Finding => {
          const { kind, namespace, name } = service;
          return { id, severity, policy: { kind, namespace, name }, ...flaw };
        }),
      ),
    );
}

/** Findings in one policy, worst first. The context may be shared as long as the cluster does not change. */
export function lintPolicy(
  context: LintContext,
  policy: Policy,
  lints: readonly Lint[] = LINTS,
): readonly Finding[] {
  const applicable = policy.inert === true ? lints.filter(({ id }) => id === 'invalid') : lints;
  const findings = applicable.flatMap((item) =>
    [...item.check(context, policy)].map((flaw) => findingOf(item, policy, flaw)),
  );
  return distinct(findings).sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

function findingOf({ id, severity }: Lint, policy: Policy, flaw: Flaw): Finding {
  return { id, severity, policy: refOf(policy), ...flaw };
}

function refOf({ kind, namespace, name }: Policy): PolicyRef {
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

/** One Cilium rule may be several here; duplicate findings are reported once. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [
    ...new Map(
      findings.map((item) => [`${item.id} ${item.direction} ${item.ruleIndex} ${item.text}`, item]),
    ).values(),
  ];
}

function byName(a: Policy, b: Policy): number {
  const [x, y] = [`${keyOf(a)} ${a.kind}`, `${keyOf(b)} ${b.kind}`];
  return x < y ? -1 : x > y ? 1 : 0;
}
