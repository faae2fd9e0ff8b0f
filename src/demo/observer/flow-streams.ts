import { Metadata, type ServerWritableStream, status } from '@grpc/grpc-js';
import type { GetFlowsRequest, GetFlowsResponse } from '../../hubble/wire/wire.ts';
import type { Agents } from './agents.ts';
import { admits } from './filters.ts';
import { masked } from './mask.ts';
import type { Kept } from './ring.ts';
import { filtersOf, history, timestampOf } from './select.ts';
import { RELAY_VERSION } from './version.ts';

type FlowStream = ServerWritableStream<GetFlowsRequest, GetFlowsResponse>;

/** The streams of GetFlows: history first, then what comes, to those that follow. */
export type FlowStreams = {
  readonly open: (stream: FlowStream) => void;
  readonly publish: (kept: Kept) => void;
  readonly loseEvents: (count: number, node: string) => void;
  /** Tells followers that a node's stream broke. */
  readonly lose: (node: string) => void;
  readonly rejectMasks: () => () => void;
};

/** Responses that may wait for a slow reader; what comes beyond is lost, and told as lost. */
const WAITING = 2_000;

export function createFlowStreams(agents: Agents, relay: string): FlowStreams {
  const followers = new Map<FlowStream, { lost: number }>();
  let masksRejected = 0;

  const tell = (stream: FlowStream, nodeStatus: NonNullable<GetFlowsResponse['node_status']>): void => {
    stream.write({ node_status: nodeStatus, node_name: relay, time: timestampOf(Date.now()) });
  };
  const tellLost = (stream: FlowStream, count: number, node: string): void => {
    const time = timestampOf(Date.now());
    const lost_events = {
      source: 'HUBBLE_RING_BUFFER',
      num_events_lost: count,
      first: time,
      last: time,
    } as const;
    stream.write({ lost_events, node_name: node, time });
  };

  return {
    open: (stream) => {
      const { request } = stream;
      const masks = (request.field_mask?.paths ?? []).length > 0;
      stream.sendMetadata(relayMetadata());
      if (request.first === true && request.follow === true) {
        const details = 'first cannot be specified with follow';
        stream.emit('error', { code: status.INVALID_ARGUMENT, details });
        return;
      }
      tell(stream, { state_change: 'NODE_CONNECTED', node_names: agents.up() });
      if (agents.down().length > 0) {
        tell(stream, { state_change: 'NODE_UNAVAILABLE', node_names: agents.down() });
      }
      if (masksRejected > 0 && masks) {
        // Through Relay a bad mask does not fail the stream (HUB-3).
        tell(stream, { state_change: 'NODE_ERROR', node_names: agents.up(), message: 'invalid fieldmask' });
        stream.end();
        return;
      }
      for (const kept of history(agents.rings(), request)) stream.write(responseOf(kept, request));
      if (request.follow !== true) {
        stream.end();
        return;
      }
      followers.set(stream, { lost: 0 });
      for (const event of ['cancelled', 'close', 'error']) stream.on(event, () => followers.delete(stream));
    },
    publish: (kept) => {
      for (const [stream, state] of followers) {
        const { whitelist, blacklist } = filtersOf(stream.request);
        if (!admits(kept.flow, whitelist, blacklist)) continue;
        if (stream.writableLength >= WAITING) {
          state.lost += 1;
          continue;
        }
        if (state.lost > 0) tellLost(stream, state.lost, kept.node);
        state.lost = 0;
        stream.write(responseOf(kept, stream.request));
      }
    },
    loseEvents: (count, node) => {
      for (const stream of followers.keys()) tellLost(stream, count, node);
    },
    lose: (node) => {
      const message = 'rpc error: code = Unavailable desc = error reading from server: EOF';
      for (const stream of followers.keys()) {
        tell(stream, { state_change: 'NODE_ERROR', node_names: [node], message });
      }
    },
    rejectMasks: () => {
      masksRejected += 1;
      return () => {
        masksRejected = Math.max(0, masksRejected - 1);
      };
    },
  };
}

/** What Relay says of itself in the headers of its answers. */
export function relayMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set('hubble-relay-version', RELAY_VERSION);
  return metadata;
}

/** One flow as it is sent; the response's own time and node come from the masked flow (HUB-3). */
function responseOf({ flow }: Kept, request: GetFlowsRequest): GetFlowsResponse {
  const shown = masked(flow, request.field_mask?.paths ?? []);
  return {
    flow: shown,
    node_name: shown.node_name,
    time: shown.time,
  };
}
