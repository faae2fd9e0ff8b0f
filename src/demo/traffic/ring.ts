import type { FlowFilter, GetFlowsRequest, Timestamp, WireFlow } from '../../hubble/wire/wire.ts';
import { admits } from './filters.ts';

/** A flow as stored by a node; `time` is fractional ms since the epoch. */
export type Kept = { readonly flow: WireFlow; readonly node: string; readonly time: number };

/** The newest flows of one node, oldest first. */
export type Ring = {
  readonly capacity: number;
  readonly push: (kept: Kept) => void;
  readonly all: () => readonly Kept[];
  readonly size: () => number;
  /** Total number of flows pushed. */
  readonly seen: () => number;
};

/** A ring of `capacity` flows, 4095 by default as in an agent (HUB-7). */
export function createRing(capacity = 4_095): Ring {
  const slots: Kept[] = [];
  let seen = 0;
  return {
    capacity,
    push: (kept) => {
      slots[seen % capacity] = kept;
      seen += 1;
    },
    all: () => {
      const start = seen > capacity ? seen % capacity : 0;
      return start === 0 ? slots.slice() : [...slots.slice(start), ...slots.slice(0, start)];
    },
    size: () => slots.length,
    seen: () => seen,
  };
}

/** ms since the epoch of a protobuf timestamp. */
export function millisecondsOf(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6;
}

/** A protobuf timestamp from ms since the epoch. */
export function timestampOf(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1_000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1_000) * 1e6) };
}

/** The lists of a request, never absent. */
export function filtersOf(request: GetFlowsRequest): {
  readonly whitelist: readonly FlowFilter[];
  readonly blacklist: readonly FlowFilter[];
} {
  return { whitelist: request.whitelist ?? [], blacklist: request.blacklist ?? [] };
}

/**
 * The stored flows that a request selects, by time. `number` counts flows per node, as through Relay; with `follow` but
 * neither number nor since there are none (HUB-4).
 */
export function history(rings: readonly Ring[], request: GetFlowsRequest): readonly Kept[] {
  const number = Number(request.number ?? 0);
  const since = millisecondsOf(request.since);
  const until = millisecondsOf(request.until);
  const { whitelist, blacklist } = filtersOf(request);
  if (request.follow === true && number === 0 && since === undefined) return [];
  return rings
    .flatMap((ring) => {
      const wanted = ring
        .all()
        .filter(
          ({ flow, time }) =>
            (since === undefined || time >= since) &&
            (until === undefined || time <= until) &&
            admits(flow, whitelist, blacklist),
        );
      if (number === 0 || wanted.length <= number) return wanted;
      return request.first === true ? wanted.slice(0, number) : wanted.slice(-number);
    })
    .sort((a, b) => a.time - b.time);
}
