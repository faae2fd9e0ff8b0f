import type { Protocol } from '../cluster/objects.ts';
import { clusterPort } from './cilium/named-ports.ts';
import type { Engine } from './engine.ts';
import type { PortMatch } from './policy.ts';
import type { End } from './verdict.ts';

/** Ports from `from` to `to`, inclusive. */
export type PortRange = readonly [from: number, to: number];

/** The ports that are open between two ends, by protocol; ranges are sorted and apart. */
export type Connections = Readonly<Record<Protocol, readonly PortRange[]>>;

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const LAST_PORT = 65_535;

/** Whether every port of every protocol is in. */
export function isEverything(connections: Connections): boolean {
  return PROTOCOLS.every((protocol) => {
    const [only, ...rest] = connections[protocol];
    return rest.length === 0 && only?.[0] === 1 && only[1] === LAST_PORT;
  });
}

/** The first port of every piece that policies on either end may tell from the one before, ascending from 1. */
export function cutsBetween(engine: Engine, from: End, to: End): readonly number[] {
  const cuts = new Set([1]);
  const add = (first: number, last: number) => {
    cuts.add(first);
    cuts.add(last + 1);
  };
  if (to.type === 'pod') for (const { port } of to.pod.ports) add(port, port);
  for (const end of [from, to]) {
    const rules = end.type === 'pod' ? engine.rulesOn(end.pod) : [];
    for (const { ports } of rules) {
      if (ports !== 'any') for (const port of ports) addPort(engine, port, add);
    }
  }
  return [...cuts].filter((port) => port >= 1 && port <= LAST_PORT).sort((a, b) => a - b);
}

function addPort(engine: Engine, port: PortMatch, add: (first: number, last: number) => void): void {
  if (port.type === 'range') {
    add(port.from, port.to);
    if (port.byEndPort === true) add(port.from, port.from);
  }
  if (port.type !== 'named') return;
  const number = clusterPort(engine.model, port.name, port.protocol);
  if (typeof number === 'number') add(number, number);
  if (port.to !== undefined) add(port.to, port.to);
}
