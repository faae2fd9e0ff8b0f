import type { Pod, Protocol } from '../../../core/cluster/objects.ts';
import type { PortRange } from '../../../core/policy/connections.ts';
import type { Engine } from '../../../core/policy/engine.ts';
import { matchPeers } from '../../../core/policy/match.ts';
import type { Direction, PortMatch, Rule } from '../../../core/policy/policy.ts';
import { sideOf } from '../../../core/policy/side.ts';
import type { Decision, End } from '../../../core/policy/verdict.ts';
import {
  ALL_PORTS,
  appendRange,
  EVERYTHING,
  isNothing,
  NOTHING,
  type PathPorts,
  PROTOCOLS,
} from './port-sets.ts';

const OPEN: PathPorts = { open: EVERYTHING, unsure: NOTHING };
const CLOSED: PathPorts = { open: NOTHING, unsure: NOTHING };
const UNSURE: PathPorts = { open: NOTHING, unsure: EVERYTHING };

/** The ports that one half of a path leaves open. */
export type HalfReach = (direction: Direction, from: End, to: End) => PathPorts;

/**
 * Finds the open ports of a half by asking the engine once for each piece of the ports that some rule could tell
 * apart. Rules whose peers do not match at all can't, whatever their ports: mostly one question is enough.
 */
export function createHalfReach(engine: Engine): HalfReach {
  const names = portNumbers(engine);
  return (direction, from, to) => {
    const rules = rulesThatMatter(engine, direction, from, to);
    const ask = (port: number, protocol: Protocol): Decision =>
      engine.decide({ from, to, port, protocol })[direction];
    const firsts = firstPorts(rules, to, names);
    if (firsts === 'one') return constant(ask(1, 'TCP'));
    const open: Record<Protocol, PortRange[]> = { TCP: [], UDP: [], SCTP: [] };
    const unsure: Record<Protocol, PortRange[]> = { TCP: [], UDP: [], SCTP: [] };
    for (const protocol of PROTOCOLS) {
      const starts = firsts[protocol];
      for (const [index, first] of starts.entries()) {
        const decision = ask(first, protocol);
        if (decision === 'deny') continue;
        const last = (starts[index + 1] ?? ALL_PORTS[1] + 1) - 1;
        appendRange((decision === 'allow' ? open : unsure)[protocol], [first, last]);
      }
    }
    return { open: isNothing(open) ? NOTHING : open, unsure: isNothing(unsure) ? NOTHING : unsure };
  };
}

function constant(decision: Decision): PathPorts {
  if (decision === 'allow') return OPEN;
  return decision === 'deny' ? CLOSED : UNSURE;
}

/** The rules on the half's own end whose peers may match the other end. */
function rulesThatMatter(engine: Engine, direction: Direction, from: End, to: End): readonly Rule[] {
  const [self, other] = direction === 'egress' ? [from, to] : [to, from];
  if (self.type !== 'pod') return [];
  const rules = engine.rulesOn(self.pod);
  // On the host network an end is read in two ways: then every rule counts.
  if (self.pod.hostNetwork || (other.type === 'pod' && other.pod.hostNetwork)) return rules;
  const world = { model: engine.model, dialect: engine.dialect };
  const [own, peer] = [sideOf(engine.model, self), sideOf(engine.model, other)];
  const destination = direction === 'ingress' ? own : peer;
  const question = { port: 1, protocol: 'TCP', self: own, peer, destination } as const;
  return rules.filter((rule) => matchPeers(world, rule.peers, question) !== 'no');
}

/** The first port of every piece that the rules cut the ports into; `one` when they do not cut at all. */
function firstPorts(
  rules: readonly Rule[],
  to: End,
  names: ReadonlyMap<string, ReadonlySet<number>>,
): 'one' | Readonly<Record<Protocol, readonly number[]>> {
  if (rules.every(({ ports }) => ports === 'any')) return 'one';
  const cuts = { TCP: new Set([1]), UDP: new Set([1]), SCTP: new Set([1]) };
  const add = (protocol: Protocol, first: number, last: number) => {
    cuts[protocol].add(first);
    cuts[protocol].add(last + 1);
  };
  for (const { ports } of rules) {
    if (ports !== 'any')
      for (const port of ports) cut(port, to.type === 'pod' ? to.pod : undefined, names, add);
  }
  const sorted = (protocol: Protocol) =>
    [...cuts[protocol]].filter((port) => port >= 1 && port <= ALL_PORTS[1]).sort((a, b) => a - b);
  return { TCP: sorted('TCP'), UDP: sorted('UDP'), SCTP: sorted('SCTP') };
}

function cut(
  port: PortMatch,
  destination: Pod | undefined,
  names: ReadonlyMap<string, ReadonlySet<number>>,
  add: (protocol: Protocol, first: number, last: number) => void,
): void {
  if (port.type === 'range') {
    add(port.protocol, port.from, port.to);
    // Whether more than the first port is meant may not be known.
    if (port.byEndPort === true) add(port.protocol, port.from, port.from);
  }
  if (port.type !== 'named') return;
  const name = port.name.toLowerCase();
  const own = destination?.ports.filter((item) => item.name?.toLowerCase() === name) ?? [];
  for (const number of [...own.map((item) => item.port), ...(names.get(name) ?? [])]) {
    add(port.protocol, number, number);
  }
  if (port.to !== undefined) add(port.protocol, port.to, port.to);
}

/** The numbers that port names stand for anywhere, where names are looked up over the whole cluster. */
function portNumbers({ model, dialect }: Engine): ReadonlyMap<string, ReadonlySet<number>> {
  const numbers = new Map<string, Set<number>>();
  if (!dialect.identityLabels) return numbers;
  for (const pod of model.pods()) {
    for (const { name, port } of pod.ports) {
      if (name === undefined) continue;
      const key = name.toLowerCase();
      numbers.set(key, (numbers.get(key) ?? new Set()).add(port));
    }
  }
  return numbers;
}
