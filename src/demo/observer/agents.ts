import type { WireFlow } from '../../hubble/wire/wire.ts';
import { createRing, type Kept, type Ring } from './ring.ts';
import { millisecondsOf } from './select.ts';

/** A node of the cluster with its address. */
export type NodeAddress = { readonly name: string; readonly ip: string };

/** The agents of all nodes: their rings, and which of them Relay reaches. */
export type Agents = {
  readonly nodes: readonly NodeAddress[];
  /** Keeps a flow at its node; undefined when that node is away, and its flow with it. */
  readonly keep: (flow: WireFlow) => Kept | undefined;
  readonly ring: (node: string) => Ring | undefined;
  /** Rings and names of the nodes that are reached. */
  readonly rings: () => readonly Ring[];
  readonly up: () => string[];
  readonly down: () => string[];
  readonly set: (node: string, state: 'connected' | 'unavailable') => void;
  /** ns since the start, as the wire wants it. */
  readonly uptime: () => string;
};

/** Agents that began `past` ms ago. */
export function createAgents(nodes: readonly NodeAddress[], past: number): Agents {
  const rings = new Map<string, Ring>(nodes.map(({ name }) => [name, createRing()]));
  const away = new Set<string>();
  const started = Date.now() - past;
  const up = (): string[] => nodes.map(({ name }) => name).filter((name) => !away.has(name));
  return {
    nodes,
    keep: (flow) => {
      const node = flow.node_name ?? '';
      if (away.has(node)) return undefined;
      const kept = { flow, node, time: millisecondsOf(flow.time) ?? Date.now() };
      rings.get(node)?.push(kept);
      return kept;
    },
    ring: (node) => (away.has(node) ? undefined : rings.get(node)),
    rings: () => up().flatMap((name) => rings.get(name) ?? []),
    up,
    down: () => [...away],
    set: (node, state) => {
      if (state === 'connected') away.delete(node);
      else away.add(node);
    },
    uptime: () => String((Date.now() - started) * 1_000_000),
  };
}
