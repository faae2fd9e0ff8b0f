import type { Layer4, TcpFlags, WireFlow, WirePolicy } from '../../hubble/wire/wire.ts';
import type { Random } from '../store/store.ts';
import { NODES } from '../world/world.ts';
import type { Mirror } from './mirror.ts';
import { RELAY_VERSION } from './observer.ts';
import { endpointOf, type Party } from './party.ts';
import { timestampOf } from './ring.ts';
import type { Timeline } from './timeline.ts';

/** One connection: source, destination and ports. It keeps its source port across retries. */
export type Connection = {
  readonly from: Party;
  readonly to: Party;
  readonly protocol: 'TCP' | 'UDP';
  readonly sourcePort: number;
  readonly port: number;
};

/** A packet of a connection in either direction. */
export type Packet = { readonly reply: boolean; readonly flags?: readonly Flag[] };

export type Flag = 'SYN' | 'ACK' | 'PSH' | 'FIN' | 'RST';

/** Creates flows of one connection, as seen by a node at a time (ms since the epoch). */
export type FlowMaker = (
  node: string,
  time: number,
  packet: Packet,
  rest: Omit<WireFlow, 'time' | 'uuid' | 'node_name' | 'source' | 'destination'>,
) => WireFlow;

const NODE_LABELS = new Map(
  NODES.map(({ name, zone }): [string, string[]] => [
    name,
    [
      'kubernetes.io/arch=amd64',
      `kubernetes.io/hostname=${name}`,
      'kubernetes.io/os=linux',
      `topology.kubernetes.io/zone=${zone}`,
    ],
  ]),
);

/** Creates the flow maker of a connection; uuids come from the random stream. */
export function flowMaker(connection: Connection, mirror: Mirror, random: Random): FlowMaker {
  return (node, time, packet, rest) => {
    const { from, to } = connection;
    const [source, destination] = packet.reply ? [to, from] : [from, to];
    return {
      time: timestampOf(time),
      uuid: random.uuid(),
      emitter: { name: 'Hubble', version: RELAY_VERSION },
      IP: { source: source.ip, destination: destination.ip, ipVersion: 'IPv4' },
      l4: layer4(connection, packet),
      source: endpointOf(source, node, mirror),
      destination: endpointOf(destination, node, mirror),
      Type: 'L3_L4',
      node_name: node,
      node_labels: NODE_LABELS.get(node) ?? [],
      ...namesOf(source, destination),
      Summary: summary(connection, packet),
      ...rest,
    };
  };
}

/** Whether a flow is a reply; drops don't say (HUB-13). */
export function replyFlag(packet: Packet): Pick<WireFlow, 'is_reply'> {
  return { is_reply: packet.reply ? { value: true } : { value: false } };
}

function layer4({ protocol, sourcePort, port }: Connection, packet: Packet): Layer4 {
  const [source_port, destination_port] = packet.reply ? [port, sourcePort] : [sourcePort, port];
  if (protocol === 'UDP') return { UDP: { source_port, destination_port } };
  const flags: TcpFlags = Object.fromEntries((packet.flags ?? []).map((flag) => [flag, true]));
  return { TCP: { source_port, destination_port, flags } };
}

function summary({ protocol }: Connection, { flags = [] }: Packet): string {
  return protocol === 'UDP' ? 'UDP' : `TCP Flags: ${flags.join(', ')}`;
}

function namesOf(source: Party, destination: Party): Pick<WireFlow, 'source_names' | 'destination_names'> {
  return {
    ...(source.type === 'world' && source.names.length > 0 ? { source_names: [...source.names] } : {}),
    ...(destination.type === 'world' && destination.names.length > 0
      ? { destination_names: [...destination.names] }
      : {}),
  };
}

/** The parts that attempts act on. */
export type AttemptParts = {
  readonly mirror: Mirror;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly publish: (flows: readonly WireFlow[]) => void;
  /** For a source that wants one connection: once that is made, it tries no more. */
  readonly goal?: { reached: boolean };
};

/** The Service of a connection. */
export type Through = {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
};

/** The proxy part of a connection: the policy that redirects it, and the HTTP request that the proxy sees. */
export type Proxied = { readonly by: WirePolicy; readonly http?: string };

/** One attempted connection. `through`: by a Service's address. */
export type Attempt = Connection & { readonly through?: Through; readonly proxied?: Proxied };
