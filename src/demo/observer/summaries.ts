import type {
  GetNamespacesResponse,
  GetNodesResponse,
  ServerStatusResponse,
  WireNode,
} from '../../hubble/wire/wire.ts';
import type { Agents, NodeAddress } from './agents.ts';
import type { Ring } from './ring.ts';
import { RELAY_VERSION } from './version.ts';

/** ms over which the rate of flows is taken. */
const RATE_OVER = 60_000;

/** Every node with its ring; those that are away only by name. */
export function nodesOf(agents: Agents): GetNodesResponse {
  return { nodes: agents.nodes.map((node) => nodeOf(agents, node)) };
}

function nodeOf(agents: Agents, { name, ip }: NodeAddress): WireNode {
  const ring = agents.ring(name);
  const address = `${ip}:4244`;
  const tls = { enabled: true, server_name: `${name}.default.hubble-grpc.cilium.io` };
  if (ring === undefined) return { name, address, state: 'NODE_UNAVAILABLE', tls };
  return {
    name,
    version: `cilium v${RELAY_VERSION}`,
    address,
    state: 'NODE_CONNECTED',
    tls,
    uptime_ns: agents.uptime(),
    num_flows: ring.size(),
    max_flows: ring.capacity,
    seen_flows: ring.seen(),
  };
}

/** Namespaces that the kept flows name, sorted. */
export function namespacesOf(agents: Agents): GetNamespacesResponse {
  const flows = agents.rings().flatMap((ring) => ring.all());
  const names = new Set(flows.flatMap(({ flow }) => [flow.source?.namespace, flow.destination?.namespace]));
  const namespaces = [...names].filter((name) => name !== undefined).sort();
  return { namespaces: namespaces.map((namespace) => ({ cluster: 'default', namespace })) };
}

/** The state of all agents that are reached, together. */
export function statusOf(agents: Agents): ServerStatusResponse {
  const now = Date.now();
  const rings = agents.rings();
  const sum = (of: (ring: Ring) => number): number => rings.reduce((total, ring) => total + of(ring), 0);
  const times = rings.flatMap((ring) => ring.all().map(({ time }) => time));
  const recent = times.filter((time) => time >= now - RATE_OVER);
  const first = recent.reduce((least, time) => Math.min(least, time), now - 1_000);
  const down = agents.down();
  return {
    num_flows: sum((ring) => ring.size()),
    max_flows: sum((ring) => ring.capacity),
    seen_flows: sum((ring) => ring.seen()),
    uptime_ns: agents.uptime(),
    num_connected_nodes: { value: agents.up().length },
    num_unavailable_nodes: { value: down.length },
    unavailable_nodes: down.slice(0, 10),
    version: `hubble-relay v${RELAY_VERSION}`,
    flows_rate: (recent.length * 1_000) / (now - first),
  };
}
