import { isLive, NAME_LABEL, type Pod, type Selector } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { Engine } from '../decide/decide.ts';
import { type Dialect, matchNamespace, matchPods, type World } from '../match/match.ts';
import type { Direction, ForeignObject, Peer, PodMatch, Policy, Reading, Rule } from '../model/model.ts';
import type { Flaw } from './finding.ts';
import { createPodAddresses, type PodAddresses } from './pods-inside.ts';

/** What a check works on. */
export type LintContext = {
  readonly engine: Engine;
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly world: World;
  /** Whether pods and namespaces may exist that are not visible, as with a folder of manifests. */
  readonly partial: boolean;
  /** Objects that may make pods which are not visible. */
  readonly makers: readonly ForeignObject[];
  readonly podAddresses: PodAddresses;
  /** Live pods selected by a policy, except host-network ones; computed once per policy. */
  readonly selected: (policy: Policy) => readonly Pod[];
};

/** One lint: what is wrong, who says so, and how to find it in a policy. */
export type Lint = {
  readonly id: string;
  readonly title: string;
  /** The document or code that says so. */
  readonly source: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly check: (context: LintContext, policy: Policy) => Iterable<Flaw>;
};

/** A rule with its position. `index` is the one that users count by. */
export type PlacedRule = {
  readonly direction: Direction;
  readonly index: number;
  readonly rule: Rule;
  readonly reading: Reading;
};

/** The context of one run of all lints. A caller that lints repeatedly keeps the `podAddresses` between runs. */
export function lintContext(
  engine: Engine,
  partial: boolean,
  podAddresses = createPodAddresses(engine.model),
): LintContext {
  const { model, dialect } = engine;
  const known = new Map<Policy, readonly Pod[]>();
  return {
    engine,
    model,
    dialect,
    world: engine.world,
    podAddresses,
    partial,
    makers: [],
    selected: (policy) => {
      const pods = known.get(policy) ?? engine.selected(policy);
      known.set(policy, pods);
      return pods;
    },
  };
}

/** For a selector that finds no pod: what may make such pods out of sight, as the end of a sentence; '' if nothing. */
export function makersText({ makers }: LintContext): string {
  const [first] = makers;
  if (first === undefined) return '';
  const more = makers.length === 1 ? '' : ` and ${makers.length - 1} more objects`;
  const name = first.namespace === undefined ? first.name : `${first.namespace}/${first.name}`;
  return `; ${first.kind} ${name}${more} may make such pods`;
}

/** The rules of a policy as the enforcer reads them, with their positions. */
export function* placedRules({ world }: LintContext, policy: Policy): Iterable<PlacedRule> {
  for (const reading of world.matching.readings(policy)) {
    for (const direction of ['ingress', 'egress'] as const) {
      for (const [index, rule] of reading[direction].entries()) {
        yield { direction, index: rule.at?.index ?? index, rule, reading };
      }
    }
  }
}

/** The peers of a rule that select pods. */
export function podPeers({ peers }: Rule): readonly (Peer & { readonly type: 'pods' })[] {
  return peers === 'any' ? [] : peers.filter((peer) => peer.type === 'pods');
}

/** Live pods that a match may contain; with `first`, at most one; with `finished`, finished ones too. */
export function podsMatching(
  { model, world }: LintContext,
  match: PodMatch,
  options: { readonly first?: boolean; readonly finished?: boolean } = {},
): readonly Pod[] {
  const found: Pod[] = [];
  for (const namespace of namespacesMatching(model, world, match)) {
    for (const pod of model.podsIn(namespace)) {
      if (!isLive(pod) && options.finished !== true) continue;
      if (matchPods(world, match, pod) === 'no') continue;
      found.push(pod);
      if (options.first === true) return found;
    }
  }
  return found;
}

/** Names of the namespaces that a match reaches. */
export function namespacesMatching(
  model: ClusterModel,
  world: World,
  { namespaces }: PodMatch,
): readonly string[] {
  if (namespaces.by === 'name') return [namespaces.name];
  return Array.from(model.namespaces(), ({ name }) => name).filter(
    (name) => matchNamespace(world, namespaces, name) !== 'no',
  );
}

/**
 * Whether every pod that a match could contain is visible: always in a whole cluster; in part of one, if the match
 * names namespaces that have pods there.
 */
export function isInSight({ model, partial }: LintContext, { namespaces }: PodMatch): boolean {
  if (!partial) return true;
  const names = namespaces.by === 'name' ? [namespaces.name] : namesIn(namespaces.selector);
  return names.length > 0 && names.every((name) => model.podsIn(name).length > 0);
}

/** The namespace names that a selector asks for; empty if it selects in another way. */
export function namesIn(selector: Selector): readonly string[] {
  return selector.find(({ key, operator }) => key === NAME_LABEL && operator === 'In')?.values ?? [];
}
