import type { PathDecision } from '../decide/decision.ts';
import type { Engine } from '../decide/engine.ts';
import { foreignOn } from '../decide/foreign.ts';
import { POLICY_KINDS } from '../kinds.ts';
import { type Dialect, enforces, type Known } from '../match/dialect.ts';
import { isSamePod, nameOfSide, type Side } from '../match/side.ts';
import type { World } from '../match/world.ts';
import type { Direction } from '../model/policy.ts';
import type { Query } from '../model/verdict.ts';
import { foreignText, whoseText } from './causes.ts';

/** What a verdict rests on, a phrase each; `incomplete` are kinds that could not be read. */
export function assumptionTexts(
  engine: Engine,
  decision: PathDecision,
  incomplete: readonly string[],
): readonly string[] {
  const { world } = engine;
  const { source, destination } = decision;
  return [
    enforcerText(world),
    ...incomplete.map((kind) => `${kind} could not be read: the verdict leaves it out`),
    ...foreignTexts(world, decision),
    ...sideTexts(source),
    ...sideTexts(destination),
    ...wayTexts(world, decision),
    ...baselineTexts(engine, decision, source, 'egress'),
    ...baselineTexts(engine, decision, destination, 'ingress'),
  ];
}

function enforcerText({ dialect }: World): string {
  const { enforcer, settings } = dialect;
  const set = settings.length === 0 ? '' : `, set to ${settings.join(', ')}`;
  switch (enforcer) {
    case 'spec':
      return `policies as the Kubernetes text has them, every kind enforced${set}`;
    case 'none':
      return 'nothing here is known to enforce policies: a deny stops nobody for certain';
    case 'unknown':
      return `the enforcer is not known: policies as the Kubernetes text has them${set}`;
    case 'cilium':
      return `enforced by ${versionText(dialect)}${set}${dialect.settingsRead ? '' : ', else its default settings'}`;
    case 'calico':
    case 'kube-router':
    case 'kindnet':
    case 'ovn-kubernetes':
    case 'antrea':
    case 'aws-vpc-cni':
      return `enforced by ${versionText(dialect)}${set}`;
  }
}

/** `cilium 1.16.3, read as 1.19`. */
function versionText({ enforcer, version, readAs }: Dialect): string {
  const name = version === undefined ? enforcer : `${enforcer} ${version}`;
  const isSaid = readAs === undefined || version === readAs || version?.startsWith(`${readAs}.`) === true;
  return isSaid ? name : `${name}, read as ${readAs}`;
}

/** What depends on more than the two ends: the way through a Service, and a protocol that may not be filtered. */
function wayTexts(
  world: World,
  { query, source, destination, egress, ingress }: PathDecision,
): readonly string[] {
  const { enforcer, egressSeesServices, filtersHairpin, sctp } = world.dialect;
  const texts: string[] = [];
  if (isSamePod(source, destination) && filtersHairpin !== 'no' && !isSettled(filtersHairpin, query)) {
    texts.push(
      filtersHairpin === 'yes'
        ? `through a Service of its own, policies do filter what ${nameOfSide(source)} sends to itself`
        : `whether policies filter what a pod sends to itself through a Service is ${whoseText(enforcer)}`,
    );
  }
  if (egressSeesServices === 'yes' && egress.isolated && destination.type === 'pod') {
    texts.push(`through a Service, ${enforcer} decides egress on the address and port of the Service`);
  }
  if (query.protocol === 'SCTP' && sctp === 'unknown' && (egress.isolated || ingress.isolated)) {
    texts.push(`whether it filters SCTP is ${whoseText(enforcer)}`);
  }
  return texts;
}

/** Whether the verdict is of the way through the Service, and known. */
function isSettled(filtersHairpin: Known, { viaService }: Query): boolean {
  return filtersHairpin === 'yes' && viaService === true;
}

/** Kinds that could not be read and may be enforced: they degrade the verdict. */
export function unreadKinds({ world, unreadable }: Engine): readonly string[] {
  return unreadable.filter((kind) => !isEvaluated(kind) || enforces(world.dialect, kind) !== 'no');
}

function isEvaluated(kind: string): boolean {
  return POLICY_KINDS.some((known) => known.kind === kind);
}

function foreignTexts({ foreign }: World, { source, destination }: PathDecision): readonly string[] {
  const objects = new Set([...foreignOn(foreign, source), ...foreignOn(foreign, destination)]);
  return [...objects].map((object) => `${foreignText(object)} is not evaluated here`);
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
        `a NetworkPolicy selects ${nameOfSide(side)} the other way: some enforcers then skip the baseline tier`,
      ]
    : [];
}
