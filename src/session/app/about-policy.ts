import { plural, several } from '../../core/common/common.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import { ruleText, selectorText } from '../../core/policy/explain/explain.ts';
import { type Finding, LINTS } from '../../core/policy/lint/lint.ts';
import { enforces } from '../../core/policy/match/match.ts';
import type { Direction, Policy, Reading, Rule } from '../../core/policy/model/model.ts';
import type { AboutItem, PolicyRow } from '../state/state.ts';

const DIRECTIONS = ['ingress', 'egress'] as const;

/** Number of pods listed by name; the rest is counted. */
const NAMED = 12;

/** Describes a policy: lint findings with their source, the pods it selects, its rules, and its enforcer. */
export function aboutPolicy(engine: Engine, { policy, assessment }: PolicyRow): readonly AboutItem[] {
  return [
    ...(assessment === undefined
      ? [{ label: 'lint', text: 'not checked yet', level: 'faint' as const }]
      : assessment.findings.flatMap(findingItems)),
    ...(policy.problems.length > 0 && assessment?.findings.length === 0
      ? policy.problems.map((text) => ({ label: '! note', text, level: 'warn' as const }))
      : []),
    { label: 'selects', text: selectsText(engine, policy), apart: true },
    ...engine.world.matching.readings(policy).flatMap(readingItems),
    ...tierItems(policy),
    { label: 'enforced', text: enforcedText(engine, policy) },
  ];
}

const SIGNS = { error: ['✗', 'bad'], warning: ['!', 'warn'], info: ['·', 'faint'] } as const;

function findingItems({ id, severity, text, fix }: Finding): readonly AboutItem[] {
  const [sign, level] = SIGNS[severity];
  const source = LINTS.find((lint) => lint.id === id)?.source;
  return [
    { label: `${sign} ${id}`, text, level },
    { label: '', text: fix },
    ...(source === undefined ? [] : [{ label: '', text: source, level: 'faint' as const }]),
  ];
}

function selectsText(engine: Engine, policy: Policy): string {
  const pods = engine.selected(policy);
  const names = pods.map(({ namespace, name }) =>
    policy.namespace === undefined ? `${namespace}/${name}` : name,
  );
  if (names.length === 0) return 'no pods';
  return `${plural(names.length, 'pod')}: ${several(names, NAMED)}`;
}

function readingItems(reading: Reading): readonly AboutItem[] {
  const { pods } = reading.subject;
  return [
    { label: 'selector', text: pods.length === 0 ? 'every pod in scope' : selectorText(pods) },
    ...DIRECTIONS.flatMap((direction) => directionItems(reading, direction)),
  ];
}

function directionItems(reading: Reading, direction: Direction): readonly AboutItem[] {
  const rules = reading[direction];
  const isolates = reading.isolates[direction];
  if (!isolates && rules.length === 0) return [];
  const rest = isolates ? 'isolated: only what rules admit' : 'does not isolate: only its rules apply';
  const none = isolates ? 'isolated: this policy admits nothing' : rest;
  return [
    { label: direction, text: rules.length === 0 ? none : rest },
    ...rules.map((rule, index) => ({
      label: `  rule ${(rule.at?.index ?? index) + 1}`,
      text: oneRule(rule),
    })),
  ];
}

const VERBS = { allow: 'admits', deny: 'denies', pass: 'passes on' } as const;

/** `admits pods app=api · tcp 5432`. */
export function oneRule(rule: Rule): string {
  const proxy = rule.l7 === undefined ? '' : `, then ${rule.l7} decides`;
  return `${VERBS[rule.action]} ${ruleText(rule)}${proxy}`;
}

function tierItems({ tier, priority }: Policy): readonly AboutItem[] {
  if (tier === 'normal') return [];
  const rank = priority === undefined ? '' : `, priority ${priority}`;
  return [{ label: 'tier', text: `${tier}${rank}` }];
}

function enforcedText({ dialect }: Engine, policy: Policy): string {
  if (policy.inert === true) return 'no: the whole policy is rejected';
  if (dialect.enforcer === 'none') return 'by no known enforcer';
  switch (enforces(dialect, policy.kind)) {
    case 'yes':
      return `by ${dialect.enforcer}`;
    case 'no':
      return `not by ${dialect.enforcer}`;
    case 'maybe':
      return `by ${dialect.enforcer}, depending on its version and flags`;
  }
}
