import type { Pod } from '../cluster/objects.ts';
import { enforces } from './dialect.ts';
import { foreignOn, foreignText } from './foreign.ts';
import { decisionOf } from './half.ts';
import type { World } from './match.ts';
import type { Direction } from './policy.ts';
import { nameOfSide, type Side } from './side.ts';
import type { Decision, Half, Verdict } from './verdict.ts';

type Parts = {
  readonly world: World;
  readonly source: Side;
  readonly destination: Side;
  readonly unreadable: readonly string[];
  readonly egress: Half;
  readonly ingress: Half;
  readonly isolationOf: (pod: Pod) => { readonly ingress: boolean; readonly egress: boolean };
};

/** The whole verdict: both halves must allow (facts/policy.md §1 rule 1), with what it rests on. */
export function assumptionsOf(parts: Parts): Verdict {
  const { egress, ingress } = parts;
  return {
    verdict: both(decisionOf(egress), decisionOf(ingress)),
    egress,
    ingress,
    assumptions: [
      enforcerText(parts.world),
      ...unreadableTexts(parts),
      ...foreignTexts(parts),
      ...sideTexts(parts.source),
      ...sideTexts(parts.destination),
      ...baselineTexts(parts, parts.source, 'egress'),
      ...baselineTexts(parts, parts.destination, 'ingress'),
    ],
  };
}

function both(a: Decision, b: Decision): Decision {
  if (a === 'deny' || b === 'deny') return 'deny';
  return a === 'undecidable' ? a : b;
}

function enforcerText({ dialect }: World): string {
  switch (dialect.enforcer) {
    case 'spec':
      return 'policies as the Kubernetes text has them, every kind enforced';
    case 'none':
      return 'nothing here is known to enforce policies: a deny stops nobody for certain';
    case 'unknown':
      return 'the enforcer is not known: policies as the Kubernetes text has them';
    case 'cilium':
    case 'calico':
    case 'kube-router':
      return `enforced by ${dialect.enforcer}`;
  }
}

function unreadableTexts({ world, unreadable }: Parts): readonly string[] {
  return unreadable
    .filter((kind) => enforces(world.dialect, kind) !== 'no')
    .map((kind) => `${kind} could not be read: the verdict leaves it out`);
}

function foreignTexts({ world: { foreign = [] }, source, destination }: Parts): readonly string[] {
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

/** The baseline tier is skipped per direction; some enforcers skip it per pod (facts/policy.md §2b rule 4). */
function baselineTexts(parts: Parts, side: Side, direction: Direction): readonly string[] {
  if (side.type !== 'pod' || !parts[direction].deciders.some(({ tier }) => tier === 'baseline')) return [];
  const { ingress, egress } = parts.isolationOf(side.pod);
  return ingress || egress
    ? [
        `a NetworkPolicy selects ${nameOfSide(side)} the other way: some enforcers then skip the baseline tier`,
      ]
    : [];
}
