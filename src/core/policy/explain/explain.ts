/* Words for a decision, on demand: reasons, near misses, and the smallest edit that would open the path. */

import { type Engine, foreignOn, type PathDecision } from '../decide/decide.ts';
import { knownBugs } from '../enforcers/enforcers.ts';
import { POLICY_KINDS } from '../kinds/kinds.ts';
import {
  type Dialect,
  enforces,
  HBONE_PORT,
  isSamePod,
  nameOfSide,
  type Side,
  type Tristate,
  tunnelBetween,
  type World,
} from '../match/match.ts';
import type { Direction, Query, Verdict } from '../model/model.ts';
import { foreignText, whoseText } from './causes.ts';
import { explainHalf } from './half.ts';

export { applyEdit } from './apply-edit.ts';
export { foreignText } from './causes.ts';
export { DECISION_WORDS, explainText, type PathNames, remark } from './explain-text.ts';
export { type ExplainedPolicy, editsOf, explainedHalf, MISSES, openAtL4 } from './explanation.ts';
export { cannotOpen, causeOf, type HalfSummary, type PathSummary, summarize, summaryOf } from './half.ts';
export { peerText, policyTitle, ruleText, selectorText, shortPeerText, wrapped } from './text.ts';

/**
 * A decision in words: who decides each half and by which rule, near misses and the smallest edit that would open them,
 * what no policy can open, and the assumptions. For a decision by the engine in its current state.
 */
export function explain(engine: Engine, decision: PathDecision): Verdict {
  const incomplete = unreadKinds(engine);
  return {
    verdict: decision.verdict,
    egress: explainHalf(engine.world, decision.egress),
    ingress: explainHalf(engine.world, decision.ingress),
    assumptions: assumptionTexts(engine, decision, incomplete),
    ...(incomplete.length === 0 ? {} : { incomplete }),
  };
}

/** The assumptions of a verdict, one phrase each; `incomplete` are kinds that could not be read. */
function assumptionTexts(
  engine: Engine,
  decision: PathDecision,
  incomplete: readonly string[],
): readonly string[] {
  const { world } = engine;
  const { source, destination } = decision;
  return [
    enforcerText(world),
    ...incomplete.map((kind) => `${kind} could not be read: the verdict ignores it`),
    ...foreignTexts(world, decision),
    ...sideTexts(source),
    ...sideTexts(destination),
    ...wayTexts(world, decision),
    ...bugTexts(world, decision),
    ...baselineTexts(engine, decision, source, 'egress'),
    ...baselineTexts(engine, decision, destination, 'ingress'),
  ];
}

function enforcerText({ dialect }: World): string {
  const { enforcer, settings } = dialect;
  const set = settings.length === 0 ? '' : `, set to ${settings.join(', ')}`;
  switch (enforcer) {
    case 'spec':
      return `policies as Kubernetes defines them, every kind enforced${set}`;
    case 'none':
      return 'no known policy enforcer here: a deny may block nothing';
    case 'unknown':
      return `the enforcer is unknown: policies as Kubernetes defines them${set}`;
    case 'cilium':
      return `enforced by ${versionText(dialect)}${set}${dialect.settingsRead ? '' : ', otherwise its defaults'}`;
    default:
      return `enforced by ${versionText(dialect)}${set}`;
  }
}

/** `cilium 1.16.3, read as 1.19`. */
function versionText({ enforcer, version, readAs }: Dialect): string {
  const name = version === undefined ? enforcer : `${enforcer} ${version}`;
  const isSaid = readAs === undefined || version === readAs || version?.startsWith(`${readAs}.`) === true;
  return isSaid ? name : `${name}, read as ${readAs}`;
}

/** What depends on more than the two ends: a path through a Service, and a protocol that may not be filtered. */
function wayTexts(
  world: World,
  { query, source, destination, egress, ingress }: PathDecision,
): readonly string[] {
  const { enforcer, egressSeesServices, filtersHairpin, sctp } = world.dialect;
  const texts: string[] = [];
  const tunnel = query.protocol === 'TCP' ? tunnelBetween(world.model, source, destination) : undefined;
  if (tunnel !== undefined) {
    texts.push(
      `${nameOfSide(source)} and ${nameOfSide(destination)} are in Istio ambient: what they say arrives on tcp ${HBONE_PORT} (HBONE)`,
    );
  }
  if (isSamePod(source, destination) && filtersHairpin !== 'no' && !isSettled(filtersHairpin, query)) {
    texts.push(
      filtersHairpin === 'yes'
        ? `policies also filter what ${nameOfSide(source)} sends to itself through its own Service`
        : `whether policies filter what a pod sends to itself through a Service is ${whoseText(enforcer)}`,
    );
  }
  const isDialed = query.through !== undefined || destination.type === 'pod';
  if (egressSeesServices === 'yes' && egress.isolated && isDialed) {
    texts.push(
      query.through === undefined
        ? `through a Service, ${enforcer} evaluates egress on the address and port of the Service`
        : `${enforcer} decides egress before svc/${query.through.service.name} leads to a pod: by the Service's selector, address and port`,
    );
  }
  if (query.protocol === 'SCTP' && sctp === 'unknown' && (egress.isolated || ingress.isolated)) {
    texts.push(`whether it filters SCTP is ${whoseText(enforcer)}`);
  }
  return texts;
}

/** Bugs of the running release that concern the rules on this path. */
function bugTexts({ dialect }: World, { egress, ingress }: PathDecision): readonly string[] {
  if (dialect.version === undefined) return [];
  const rules = [egress, ingress].flatMap(({ direction, steps }) =>
    steps.flatMap(({ applied }) => applied.reading[direction]),
  );
  return knownBugs(dialect, rules);
}

/** Whether the verdict is for the path through the Service, and known. */
function isSettled(filtersHairpin: Tristate, { viaService }: Query): boolean {
  return filtersHairpin === 'yes' && viaService === true;
}

/** Kinds that could not be read and may be enforced: they degrade the verdict. */
function unreadKinds({ world, unreadable }: Engine): readonly string[] {
  return unreadable.filter((kind) => !isEvaluated(kind) || enforces(world.dialect, kind) !== 'no');
}

function isEvaluated(kind: string): boolean {
  return POLICY_KINDS.some((known) => known.kind === kind);
}

function foreignTexts({ foreign }: World, { source, destination }: PathDecision): readonly string[] {
  const objects = new Set([...foreignOn(foreign, source), ...foreignOn(foreign, destination)]);
  return [...objects].map((object) => `${foreignText(object)} is not evaluated`);
}

function sideTexts(side: Side): readonly string[] {
  if (side.type !== 'pod') return [];
  const name = nameOfSide(side);
  return [
    ...(side.pod.ips.length === 0 ? [`${name} has no address yet`] : []),
    ...(side.pod.hostNetwork ? [`${name} is on the host network: policies see its node`] : []),
  ];
}

/** The baseline tier is skipped per direction; some enforcers skip it per pod (ANP-4). */
function baselineTexts(
  engine: Engine,
  decision: PathDecision,
  side: Side,
  direction: Direction,
): readonly string[] {
  const isBaseline = decision[direction].steps.some(({ applied }) => applied.policy.tier === 'baseline');
  if (side.type !== 'pod' || !isBaseline) return [];
  const { ingress, egress } = engine.isolation(side.pod);
  return ingress || egress
    ? [
        `a NetworkPolicy selects ${nameOfSide(side)} in the other direction: some enforcers then skip the baseline tier`,
      ]
    : [];
}
