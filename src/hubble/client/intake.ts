import type { TrafficSink, TrafficState } from '../../core/ports/ports.ts';
import type { Flow } from '../../core/traffic/traffic.ts';
import { type DecodedResponse, millisecondsOf } from '../wire/wire.ts';
import { type JsonResponse, toJsonResponse } from './json-flow.ts';
import { createFlowMapper } from './map-flow.ts';
import { createNodeBook, type NodeBook } from './nodes.ts';
import { isWanted, type Wanted } from './request.ts';

/** Passes responses of all connections to the sink. */
export type Intake = {
  take(response: DecodedResponse): void;
  /** Sets the state of the source. */
  say(status: TrafficState['status'], detail: string, version?: string): void;
  /** Returns a promise while the sink is behind. */
  readonly slow: () => Promise<void> | undefined;
  /** Schedules an update of the state. */
  stir(): void;
  /** Number of responses so far. */
  readonly taken: number;
  /** Latest time of any response, ms; undefined before the first. */
  readonly latest: number | undefined;
  /** Latest time of any flow. */
  readonly latestFlow: number | undefined;
  /** Tells that flows from this stretch may be missing (HUB-41). */
  miss(from: number, to: number): void;
  readonly nodes: NodeBook;
  readonly repeats: Pick<Repeats, 'watch' | 'relax'>;
  close(): void;
};

/** UUIDs remembered: the two seconds of overlap can repeat this many at 20,000 flows a second. */
const UUIDS = 50_000;

export function createIntake(
  wanted: Wanted,
  interval: number,
  sink: TrafficSink,
  onRaw: ((response: JsonResponse) => void) | undefined,
): Intake {
  const nodes = createNodeBook();
  const repeats = createRepeats(UUIDS);
  const map = createFlowMapper();
  let state: TrafficState = { source: 'hubble', status: 'connecting', detail: '', lost: 0 };
  let shown: TrafficState | undefined;
  let lost = 0;
  let taken = 0;
  let latest: number | undefined;
  let latestFlow: number | undefined;

  const batch = createBatch<Flow>(interval, (flows) => {
    if (flows.length > 0) sink.flows(flows);
    show();
  });

  function show(): void {
    const { connected, total } = nodes.counts();
    const version = state.version ?? nodes.version();
    const trouble = state.status === 'live' ? nodes.trouble() : undefined;
    const next: TrafficState = {
      ...state,
      detail: trouble === undefined ? state.detail : `${state.detail}: ${trouble}`,
      ...(version === undefined ? {} : { version }),
      ...(total === 0 ? {} : { nodes: { connected, total } }),
      lost,
    };
    if (shown !== undefined && isEqual(shown, next)) return;
    shown = next;
    sink.state(next);
  }

  function takeFlow(response: DecodedResponse, flow: NonNullable<DecodedResponse['flow']>): void {
    const mapped = map(flow, 'hubble', response.node_name);
    if (mapped.time > (latest ?? 0)) latest = mapped.time;
    if (mapped.time > (latestFlow ?? 0)) latestFlow = mapped.time;
    if (mapped.node !== undefined) nodes.heard(mapped.node);
    if (!isWanted(wanted, mapped)) return;
    if (mapped.uuid !== undefined && repeats.isRepeated(mapped.uuid)) return;
    onRaw?.(toJsonResponse(response));
    batch.add(mapped);
  }

  return {
    take(response) {
      taken += 1;
      if (response.flow !== null) {
        takeFlow(response, response.flow);
        return;
      }
      const time = millisecondsOf(response.time);
      if (time > (latest ?? 0)) latest = time;
      if (response.lost_events !== null) lost += Number(response.lost_events.num_events_lost);
      if (response.node_status !== null) nodes.note(response.node_status);
      onRaw?.(toJsonResponse(response));
      batch.stir();
    },
    say(status, detail, version) {
      state = { ...state, status, detail, ...(version === undefined ? {} : { version }) };
      show();
    },
    slow: () => sink.slow?.(),
    stir: batch.stir,
    get taken() {
      return taken;
    },
    get latest() {
      return latest;
    },
    get latestFlow() {
      return latestFlow;
    },
    miss(from, to) {
      state = { ...state, gap: { from, to } };
      show();
    },
    nodes,
    repeats,
    close: batch.close,
  };
}

function isEqual(one: TrafficState, other: TrafficState): boolean {
  return (
    one.status === other.status &&
    one.detail === other.detail &&
    one.lost === other.lost &&
    one.version === other.version &&
    one.gap === other.gap &&
    one.nodes?.connected === other.nodes?.connected &&
    one.nodes?.total === other.nodes?.total
  );
}

/** Collects items and delivers them together. */
type Batch<T> = {
  add(item: T): void;
  /** Schedules a delivery even without items. */
  stir(): void;
  /** Delivers pending items now. */
  flush(): void;
  /** Delivers pending items and stops. */
  close(): void;
};

/** `onItems` is called at most every `interval` ms, with at least one item or after `stir`. */
function createBatch<T>(interval: number, onItems: (items: readonly T[]) => void): Batch<T> {
  let items: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const ready = items;
    items = [];
    onItems(ready);
  }

  function arm(): void {
    if (!closed) timer ??= setTimeout(flush, interval);
  }

  return {
    add(item) {
      items.push(item);
      arm();
    },
    stir: arm,
    flush,
    close() {
      closed = true;
      if (timer !== undefined) flush();
    },
  };
}

/**
 * Finds repeated flows. Repetitions only occur after a stream is reopened, so the rest of the time flows are only
 * recorded, which costs a tenth.
 */
type Repeats = {
  /** A stream starts: look for repetitions from now on. */
  watch(): void;
  /** No more past flows will come: stop looking for repetitions in `PATIENCE` ms. */
  relax(): void;
  /** Records the flow, and returns whether it is a repetition. */
  isRepeated(uuid: string): boolean;
};

/** How old flows may be that a following stream still holds back when all past flows have arrived, ms. */
const PATIENCE = 10_000;

/** Remembers the last `limit` flows. */
function createRepeats(limit: number): Repeats {
  const noted: string[] = [];
  let next = 0;
  let known: Set<string> | undefined;
  let until = Number.POSITIVE_INFINITY;
  return {
    watch() {
      known = new Set(noted);
      until = Number.POSITIVE_INFINITY;
    },
    relax() {
      until = performance.now() + PATIENCE;
    },
    isRepeated(uuid) {
      if (known !== undefined) {
        if (known.has(uuid)) return true;
        if (performance.now() > until) known = undefined;
        else known.add(uuid);
      }
      noted[next] = uuid;
      next = (next + 1) % limit;
      return false;
    },
  };
}
