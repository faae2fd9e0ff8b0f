import type { Pod, Protocol } from '../../cluster/cluster.ts';
import {
  type AppliedPolicy,
  decisionOfJudgement,
  foreignDoubt,
  isIsolated,
  judge,
  type PolicyIndex,
  type Stack,
  stackOf,
  withOwnNode,
} from '../decide/decide.ts';
import {
  HBONE_PORT,
  isOwnNode,
  isPlain,
  type Match,
  matchPeers,
  portStarts,
  type Question,
  type Side,
  tunnelBetween,
  type Way,
  type World,
  waysBetween,
} from '../match/match.ts';
import { ALL_PORTS, type Decision, type Direction, type Peer, type Rule } from '../model/model.ts';
import type { Piece, PortAlgebra, PortFunction } from './port-function.ts';

/** Decides every port of a half at once, for one set of policies: the current ones, or those after a change. */
export type PortEvaluator = {
  /**
   * The half of `self` toward `peer`. `peerIndex` identifies ends that policies can't tell from `peer`, for caching.
   */
  readonly half: (direction: Direction, self: Side, peer: Side, peerIndex?: number) => PortFunction;
  readonly stackFor: (pod: Pod) => Stack;
  readonly rulesFor: (direction: Direction, pod: Pod) => DirectionRules;
  readonly mayMatch: (
    rules: readonly Rule[],
    direction: Direction,
    self: Side,
    peer: Side,
    peerIndex: number,
  ) => boolean;
  readonly isolation: (pod: Pod) => { readonly ingress: boolean; readonly egress: boolean };
};

/** Shared by two evaluators of one cluster: what a list of peers matches does not depend on other policies. */
export type Shared = {
  readonly world: World;
  readonly algebra: PortAlgebra;
  /** Pods that no policy tells apart have the same number. */
  readonly groupOf: (pod: Pod) => number;
  /** Whether Istio ambient carries the traffic of any pod. */
  readonly mesh: boolean;
  /** How many groups and nodes have numbers. */
  readonly groups: number;
  readonly peerTables: Map<object, Uint8Array>;
  /** The same by the text of the lists: recreated drafts say what they said before. */
  readonly tablesByText: Map<string, Uint8Array>;
};

/** The rules on some pods in one direction, and cached results. */
export type DirectionRules = {
  readonly stack: Stack;
  readonly rules: readonly Rule[];
  readonly namesPorts: boolean;
  readonly functions: Map<string, PortFunction>;
  /** By rule: what its peers match, by slot. */
  readonly tables: (Uint8Array | undefined)[];
};

/** An evaluator that another one differs from, for the affected groups of pods. */
export type Base = { readonly evaluator: PortEvaluator; readonly touched: ReadonlySet<number> };

/** An evaluator for an index of policies. With a base, unaffected queries go to the base. */
export function createPortEvaluator(
  shared: Shared,
  index: Pick<PolicyIndex, 'in' | 'clusterWide'>,
  base?: Base,
): PortEvaluator {
  const { world, algebra } = shared;
  const { dialect } = world;
  const stacks = new Map<number, Stack>();
  const entries = new Map<string, DirectionRules>();
  const rulesByGroup = {
    ingress: new Map<number, DirectionRules>(),
    egress: new Map<number, DirectionRules>(),
  };
  const numbers = new Map<object, number>();
  const open = algebra.constant('allow');

  function stackFor(pod: Pod): Stack {
    const group = shared.groupOf(pod);
    const known = stacks.get(group);
    if (known !== undefined) return known;
    const made =
      baseFor(group)?.stackFor(pod) ?? stackLike(base?.evaluator.stackFor(pod), stackOf(world, index, pod));
    stacks.set(group, made);
    return made;
  }

  function baseFor(group: number): PortEvaluator | undefined {
    return base === undefined || base.touched.has(group) ? undefined : base.evaluator;
  }

  function rulesFor(direction: Direction, pod: Pod): DirectionRules {
    const group = shared.groupOf(pod);
    const known = rulesByGroup[direction].get(group);
    if (known !== undefined) return known;
    const entry = rulesOfBase(direction, group, pod) ?? makeRules(direction, pod);
    rulesByGroup[direction].set(group, entry);
    return entry;
  }

  function makeRules(direction: Direction, pod: Pod): DirectionRules {
    const stack = stackFor(pod);
    const namesPorts = rulesOf(stack, direction).some(isNamed);
    const own = direction === 'ingress' && namesPorts ? portNames(pod) : '';
    const key = `${direction} ${stackKey(stack)} ${own}`;
    const entry = entries.get(key) ?? {
      stack,
      rules: rulesOf(stack, direction),
      namesPorts: direction === 'egress' && namesPorts,
      functions: new Map<string, PortFunction>(),
      tables: [],
    };
    entries.set(key, entry);
    return entry;
  }

  /** The base's rules where the policies are the same, including cached results. */
  function rulesOfBase(direction: Direction, group: number, pod: Pod): DirectionRules | undefined {
    const untouched = baseFor(group);
    if (untouched !== undefined) return untouched.rulesFor(direction, pod);
    return base?.evaluator.stackFor(pod) === stackFor(pod)
      ? base.evaluator.rulesFor(direction, pod)
      : undefined;
  }

  /** Pods under the same policies share an entry. */
  function stackKey({ admin, normal, baseline }: Stack): string {
    const name = ({ reading, sure }: AppliedPolicy) => {
      const number = numbers.get(reading) ?? numbers.size;
      numbers.set(reading, number);
      return sure ? `${number}` : `${number}?`;
    };
    return [admin.flat(), normal, baseline.flat()].map((list) => list.map(name).join()).join('/');
  }

  function half(direction: Direction, self: Side, peer: Side, peerIndex?: number): PortFunction {
    const found = unmeshed(direction, self, peer, peerIndex);
    return shared.mesh ? meshed(direction, self, peer, found) : found;
  }

  /** As `meshed` of a half: only what the tunnel's port has too is certain (ENF-32). */
  function meshed(direction: Direction, self: Side, peer: Side, found: PortFunction): PortFunction {
    const [source, destination] = direction === 'egress' ? [self, peer] : [peer, self];
    const tunnel = tunnelBetween(world.model, source, destination);
    if (tunnel === undefined || found === open || self.type !== 'pod') return found;
    const carried = tunnel.waypoint === undefined ? decisionAt(found, HBONE_PORT) : 'undecidable';
    return algebra.make({
      ...found,
      TCP: found.TCP.map(([from, to, decision]) => [
        from,
        to,
        decision === carried ? decision : 'undecidable',
      ]),
    });
  }

  function unmeshed(direction: Direction, self: Side, peer: Side, peerIndex?: number): PortFunction {
    if (isPlain(self) && isPlain(peer))
      return doubted({ direction, self, peer }, reading(direction, self, peer, slotOfPlain(peerIndex)));
    let found: PortFunction | undefined;
    for (const way of waysBetween(world, self, peer)) {
      const next = reading(direction, way.self, way.peer, slotOf(way, peer, peerIndex));
      found = found === undefined ? next : algebra.either(found, next);
    }
    return doubted({ direction, self, peer }, found ?? open);
  }

  /** Whatever foreign policies may decide, and a deny without an enforcer, is unknown: as in a verdict. */
  function doubted(
    half: { readonly direction: Direction; readonly self: Side; readonly peer: Side },
    found: PortFunction,
  ): PortFunction {
    const { foreign } = world;
    const enforced = dialect.enforcer !== 'none';
    if (enforced && foreign.length === 0) return found;
    return algebra.mapped(found, (decision) => {
      if (foreignDoubt(foreign, half, decision) !== undefined) return 'undecidable';
      return decision === 'deny' && !enforced ? 'undecidable' : decision;
    });
  }

  function reading(
    direction: Direction,
    self: Side,
    peer: Side,
    peerIndex: number | undefined,
  ): PortFunction {
    if (self.type !== 'pod' || dialect.enablePolicy === 'never') return open;
    const own = direction === 'ingress' && isOwnNode(self.pod, peer);
    if (own && dialect.ownNode === 'always') return open;
    const entry = rulesFor(direction, self.pod);
    const question = { self, peer, destination: direction === 'ingress' ? self : peer };
    const matched = matchedRules(entry, question, peerIndex);
    const ports = entry.namesPorts && peer.type === 'pod' ? portNames(peer.pod) : '';
    const key = `${own ? '@' : ''}${matched}${ports}`;
    const known = entry.functions.get(key);
    if (known !== undefined) return known;
    const made =
      matched === ''
        ? algebra.constant(decide(entry.stack, direction, { ...question, port: 1, protocol: 'TCP' }))
        : evaluate(entry.stack, direction, question, rulesNamed(entry, matched));
    entry.functions.set(key, made);
    return made;
  }

  type Ends = Pick<Question, 'self' | 'peer' | 'destination'>;

  /** The rules whose peers may match, as a key: the place of each, with a `?` where that is unsure. */
  function matchedRules(entry: DirectionRules, ends: Ends, slot: number | undefined): string {
    const { rules } = entry;
    let key = '';
    for (let at = 0; at < rules.length; at += 1) {
      const peers = rules[at]?.peers ?? [];
      const match =
        peers === 'any' ? 'yes' : matchIn(tableIn(entry, at, peers, ends, slot), peers, ends, slot);
      if (match !== 'no') key += match === 'yes' ? `${at},` : `${at}?,`;
    }
    return key;
  }

  function tableIn(
    { tables }: DirectionRules,
    at: number,
    peers: readonly Peer[],
    ends: Ends,
    slot: number | undefined,
  ): Uint8Array | undefined {
    if (slot === undefined) return undefined;
    const table = tables[at] ?? tableOf(shared, peers, ends);
    tables[at] = table;
    return table;
  }

  function matchIn(
    table: Uint8Array | undefined,
    peers: readonly Peer[],
    ends: Ends,
    slot: number | undefined,
  ): Match {
    const known = table === undefined || slot === undefined ? undefined : MATCHES[table[slot] ?? 0];
    if (known !== undefined) return known;
    const match = matchPeers(world, peers, { ...ends, port: 1, protocol: 'TCP' });
    if (table !== undefined && slot !== undefined) table[slot] = MATCHES.indexOf(match);
    return match;
  }

  function mayMatchOne({ peers }: Rule, ends: Ends, slot: number | undefined): boolean {
    if (peers === 'any') return true;
    const table = slot === undefined ? undefined : tableOf(shared, peers, ends);
    return matchIn(table, peers, ends, slot) !== 'no';
  }

  function evaluate(
    stack: Stack,
    direction: Direction,
    ends: Ends,
    matched: ReadonlySet<Rule>,
  ): PortFunction {
    const left = onlyRules(stack, direction, matched);
    const { destination } = ends;
    const pod = destination.type === 'pod' ? destination.pod : undefined;
    const pieces = (protocol: Protocol): readonly Piece[] => {
      const starts = portStarts(world, matched, protocol, pod);
      return starts.map((from, at) => {
        const question: Question = { ...ends, port: from, protocol };
        return [from, (starts[at + 1] ?? ALL_PORTS[1] + 1) - 1, decide(left, direction, question)];
      });
    };
    return algebra.make({ TCP: pieces('TCP'), UDP: pieces('UDP'), SCTP: pieces('SCTP') });
  }

  function decide(stack: Stack, direction: Direction, question: Question): Decision {
    const judgement = judge(world, stack, direction, question);
    return decisionOfJudgement(withOwnNode(world, stack, { direction, ...question }, judgement));
  }

  /** Whether rules of a direction may match an end. */
  function mayMatch(
    rules: readonly Rule[],
    direction: Direction,
    self: Side,
    peer: Side,
    peerIndex: number,
  ): boolean {
    if (self.type !== 'pod' || self.pod.hostNetwork) return true;
    if (isPlain(self) && isPlain(peer)) {
      const ends = { self, peer, destination: direction === 'ingress' ? self : peer };
      return rules.some((rule) => mayMatchOne(rule, ends, slotOfPlain(peerIndex)));
    }
    return waysBetween(world, self, peer).some((way) => {
      const ends = { ...way, destination: direction === 'ingress' ? way.self : way.peer };
      return rules.some((rule) => mayMatchOne(rule, ends, slotOf(way, peer, peerIndex)));
    });
  }

  return {
    half,
    stackFor,
    rulesFor,
    mayMatch,
    isolation: (pod) => ({
      ingress: isIsolated(dialect, stackFor(pod), 'ingress'),
      egress: isIsolated(dialect, stackFor(pod), 'egress'),
    }),
  };
}

/** Rules of both directions may say the same, and not match the same (ENF-34). */
function tableOf(
  shared: Shared,
  peers: readonly Peer[],
  { self, destination }: Pick<Question, 'self' | 'destination'>,
): Uint8Array {
  const known = shared.peerTables.get(peers);
  if (known !== undefined) return known;
  const text = `${self === destination} ${JSON.stringify(peers)}`;
  const table = shared.tablesByText.get(text) ?? new Uint8Array(shared.groups * SLOTS);
  shared.tablesByText.set(text, table);
  shared.peerTables.set(peers, table);
  return table;
}

/** The known stack if the new one is equal, so that `===` compares them. */
function stackLike(known: Stack | undefined, made: Stack): Stack {
  if (known === undefined) return made;
  const [x, y] = [appliedOf(known), appliedOf(made)];
  const same =
    x.length === y.length &&
    x.every((item, at) => item.reading === y[at]?.reading && item.sure === y[at]?.sure);
  return same ? known : made;
}

/** The policies of a stack, of all tiers, in order. */
export function appliedOf({ admin, normal, baseline }: Stack): readonly AppliedPolicy[] {
  return admin.length + baseline.length === 0 ? normal : [...admin.flat(), ...normal, ...baseline.flat()];
}

/** The rules that a key of `matchedRules` names. */
function rulesNamed({ rules }: DirectionRules, key: string): ReadonlySet<Rule> {
  const places = new Set(key.split(',').map((text) => Number.parseInt(text, 10)));
  return new Set(rules.filter((_, at) => places.has(at)));
}

const MATCHES: readonly (Match | undefined)[] = [undefined, 'no', 'yes', 'maybe'];

/** Each group has one slot for all its addresses, one per family, and one as a node. */
const SLOTS = 4;

function slotOfPlain(peerIndex: number | undefined): number | undefined {
  return peerIndex === undefined ? undefined : peerIndex * SLOTS;
}

/**
 * The slot where a table stores what a peer matches. A host-network pod read as its node has a slot too, except for
 * pods on that node, to which it is the host.
 */
function slotOf(way: Way, { type }: Side, peerIndex: number | undefined): number | undefined {
  if (peerIndex === undefined) return undefined;
  const at = peerIndex * SLOTS;
  if (way.peer.type === type) return at + (way.family === undefined ? 0 : way.family === 4 ? 1 : 2);
  const isHost = way.self.type === 'pod' && isOwnNode(way.self.pod, way.peer);
  return way.family === undefined && !isHost ? at + 3 : undefined;
}

function rulesOf(stack: Stack, direction: Direction): readonly Rule[] {
  return appliedOf(stack).flatMap(({ reading }) => reading[direction]);
}

/** The stack with only those rules; isolation is unchanged. */
function onlyRules(
  { admin, normal, baseline }: Stack,
  direction: Direction,
  rules: ReadonlySet<Rule>,
): Stack {
  const slim = (applied: AppliedPolicy): AppliedPolicy => ({
    ...applied,
    reading: {
      ...applied.reading,
      [direction]: applied.reading[direction].filter((rule) => rules.has(rule)),
    },
  });
  return {
    admin: admin.map((group) => group.map(slim)),
    normal: normal.map(slim),
    baseline: baseline.map((group) => group.map(slim)),
  };
}

function isNamed({ ports }: Rule): boolean {
  return ports !== 'any' && ports.some(({ type }) => type === 'named');
}

const portNamesOf = new WeakMap<Pod['ports'], string>();

function portNames({ ports }: Pod): string {
  const known =
    portNamesOf.get(ports) ??
    ports.map(({ name, port, protocol, sidecar }) => `${name}=${protocol}${port}${sidecar ?? ''}`).join();
  portNamesOf.set(ports, known);
  return known;
}

function decisionAt({ TCP }: PortFunction, port: number): Decision {
  return TCP.find(([from, to]) => from <= port && port <= to)?.[2] ?? 'deny';
}
