import { setTimeout as wait } from 'node:timers/promises';
import type { Pod } from '../core/cluster/cluster.ts';
import { asSluiceError, isAbort } from '../core/common/common.ts';
import type { Exec, TrafficContext, TrafficSink, TrafficSource, TrafficState } from '../core/ports/ports.ts';
import { type BackOff, delayAfter } from '../wait.ts';
import { execFailure } from './finding.ts';
import { flowOf } from './flow-of.ts';
import { emptyMemory, observe, type SocketMemory, type SocketObservation } from './observe.ts';
import type { SocketSample } from './proc-net.ts';
import { createSocketReader, type PodLook, workloadKey } from './socket-reader.ts';
import type { ServiceAt } from './target.ts';

/** How long an unreadable pod is skipped, ms. */
const BLOCKED_FOR = 5 * 60_000;

/** Pods by state: `readable` were read at their last look, `waiting` have not been looked at yet. */
type RotaCount = {
  readonly total: number;
  readonly readable: number;
  readonly waiting: number;
  readonly unreadable: number;
  readonly denied: number;
  readonly onHost: number;
  /** Namespaces where exec is forbidden. */
  readonly deniedIn: readonly string[];
};

/**
 * Picks the next pod: of those that are due and readable, the one not looked at for the longest. Host-network pods are
 * skipped, because their sockets are the node's. Times are ms on a monotonic clock.
 */
class Rota {
  readonly #started = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #readable = new Set<string>();
  readonly #unreadable = new Map<string, number>();
  readonly #denied = new Map<string, number>();
  readonly #interval: number;

  constructor(interval: number) {
    this.#interval = interval;
  }

  /** The pod to look at now, marked as busy; undefined if none is due. */
  next(pods: readonly Pod[], now: number): Pod | undefined {
    let best: Pod | undefined;
    let oldest = now - this.#interval;
    for (const pod of pods) {
      const started = this.#started.get(pod.uid) ?? Number.NEGATIVE_INFINITY;
      if (started <= oldest && !this.#busy.has(pod.uid) && this.#isOpen(pod, now)) {
        best = pod;
        oldest = started;
        if (started === Number.NEGATIVE_INFINITY) break;
      }
    }
    if (best !== undefined) {
      this.#busy.add(best.uid);
      this.#started.set(best.uid, now);
    }
    return best;
  }

  /** Records the result of a look; undefined if it was aborted. */
  done(pod: Pod, look: PodLook['type'] | undefined, now: number): void {
    this.#busy.delete(pod.uid);
    if (look === 'read') this.#readable.add(pod.uid);
    else this.#readable.delete(pod.uid);
    if (look === 'unreadable') this.#unreadable.set(workloadKey(pod), now + BLOCKED_FOR);
    if (look === 'denied') this.#denied.set(pod.namespace, now + BLOCKED_FOR);
  }

  /** Removes pods that are no longer in view. */
  keep(uids: ReadonlySet<string>): void {
    for (const uid of this.#started.keys()) if (!uids.has(uid)) this.#started.delete(uid);
    for (const uid of this.#readable) if (!uids.has(uid)) this.#readable.delete(uid);
  }

  count(pods: readonly Pod[], now: number): RotaCount {
    const onHost = pods.filter((pod) => pod.hostNetwork).length;
    const others = pods.filter((pod) => !pod.hostNetwork);
    const isDenied = ({ namespace }: Pod) => isLater(this.#denied.get(namespace), now);
    const denied = others.filter(isDenied);
    const rest = others.filter((pod) => !isDenied(pod));
    const unreadable = rest.filter((pod) => isLater(this.#unreadable.get(workloadKey(pod)), now)).length;
    const readable = rest.filter((pod) => this.#readable.has(pod.uid)).length;
    return {
      total: pods.length,
      readable,
      unreadable,
      denied: denied.length,
      waiting: Math.max(0, rest.length - unreadable - readable),
      onHost,
      deniedIn: [...new Set(denied.map(({ namespace }) => namespace))].sort(),
    };
  }

  /** Whether the pod's own sockets are being read, so that its side of a connection is reported. */
  reads(pod: Pod): boolean {
    return this.#readable.has(pod.uid);
  }

  #isOpen(pod: Pod, now: number): boolean {
    if (pod.hostNetwork || pod.containers.length === 0) return false;
    return (
      !isLater(this.#denied.get(pod.namespace), now) && !isLater(this.#unreadable.get(workloadKey(pod)), now)
    );
  }
}

function isLater(time: number | undefined, now: number): boolean {
  return time !== undefined && time > now;
}

/** An observation and the time of its sample, ms since the epoch. */
type TimedObservation = { readonly seen: SocketObservation; readonly time: number };

/** The socket memory of each pod, by UID. */
class SocketMemories {
  readonly #memories = new Map<string, SocketMemory>();

  /** Processes samples of a pod, the last taken at `now`; earlier ones are dated by the machine's uptime. */
  take(pod: Pod, samples: readonly SocketSample[], now: number): readonly TimedObservation[] {
    let memory = this.#memories.get(pod.uid) ?? emptyMemory(servedPorts(pod));
    const last = samples.at(-1)?.uptime;
    const all: TimedObservation[] = [];
    for (const sample of samples) {
      const step = observe(memory, sample, pod.ips);
      memory = step.memory;
      const before = last === undefined || sample.uptime === undefined ? 0 : (last - sample.uptime) * 1_000;
      const time = Math.round(now - before);
      for (const seen of step.observations) all.push({ seen, time });
    }
    this.#memories.set(pod.uid, memory);
    return all;
  }

  /** Removes pods that are no longer in view. */
  keep(uids: ReadonlySet<string>): void {
    for (const uid of this.#memories.keys()) if (!uids.has(uid)) this.#memories.delete(uid);
  }
}

function servedPorts(pod: Pod): readonly number[] {
  return pod.ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port);
}

/** Looks per exec, half a second apart: while every pod has its own slot, and when slots are shared. */
const MOST_LOOKS = 4;
const FEWEST_LOOKS = 2;

/** How long an idle slot waits, ms; and the backoff while the API server is unreachable. */
const IDLE = 250;
const BACK_OFF: BackOff = { base: 2 * IDLE, cap: 5_000 };

export type SocketSourceOptions = {
  readonly exec: Exec;
  /** Shortest time between execs for one pod, and of one slot, ms; 1 s by default. */
  readonly interval?: number;
  /** Concurrent execs; 8 by default. */
  readonly concurrency?: number;
  /** Finds the service for an address that a socket dialed. */
  readonly services?: ServiceAt;
  /** Local time, ms since the epoch, used to date the flows. */
  readonly now: () => number;
};

/**
 * Connection attempts from the sockets of the pods in view, without Hubble and without installing anything (PROBE-1).
 * Each exec watches one pod for up to 1.5 s and exits on its own; even if this process is killed, what it started in a
 * pod is gone within 8 s. See `trustOf` for how far to trust the results.
 */
export function createSocketSource(options: SocketSourceOptions): TrafficSource {
  return { name: 'probe', run: (context, sink, signal) => new Watch(options, context, sink, signal).run() };
}

class Watch {
  readonly #options: SocketSourceOptions;
  readonly #context: TrafficContext;
  readonly #sink: TrafficSink;
  readonly #signal: AbortSignal;
  readonly #slots: number;
  readonly #interval: number;
  readonly #rota: Rota;
  readonly #reader: ReturnType<typeof createSocketReader>;
  readonly #memories = new SocketMemories();
  /** Stops the other slots when one fails unexpectedly. */
  readonly #failed = new AbortController();
  #failures = 0;
  #trouble: unknown;
  #shown: TrafficState | undefined;
  #counted = Number.NEGATIVE_INFINITY;

  constructor(options: SocketSourceOptions, context: TrafficContext, sink: TrafficSink, signal: AbortSignal) {
    this.#options = options;
    this.#context = context;
    this.#sink = sink;
    this.#signal = AbortSignal.any([signal, this.#failed.signal]);
    this.#slots = options.concurrency ?? 8;
    this.#interval = options.interval ?? 1_000;
    this.#rota = new Rota(this.#interval);
    this.#reader = createSocketReader(options.exec);
  }

  async run(): Promise<void> {
    const slots = Array.from({ length: this.#slots }, () =>
      this.#slot().catch((error: unknown) => {
        this.#failed.abort();
        if (!isAbort(error)) throw error;
      }),
    );
    await Promise.all(slots);
  }

  async #slot(): Promise<void> {
    while (!this.#signal.aborted) {
      const started = performance.now();
      this.#takeStock(started);
      const pods = this.#context.pods();
      await this.#sink.slow?.();
      if (this.#signal.aborted) return;
      const pod = this.#rota.next(pods, started);
      if (pod === undefined) {
        await this.#wait(IDLE);
        continue;
      }
      const look = await this.#look(pod, looksFor(pods.length, this.#slots));
      if (look.type === 'read') this.#deliver(pod, look);
      const backOff = this.#failures === 0 ? 0 : delayAfter(this.#failures, BACK_OFF, 1);
      await this.#wait(Math.max(backOff, this.#interval - (performance.now() - started)));
    }
  }

  async #look(pod: Pod, looks: number): Promise<PodLook> {
    let outcome: PodLook | undefined;
    try {
      outcome = await this.#reader.look(pod, looks, this.#signal);
    } finally {
      this.#rota.done(pod, outcome?.type, performance.now());
    }
    const trouble =
      outcome.type === 'failed' && execFailure(outcome.error) === 'cluster' ? outcome.error : undefined;
    this.#trouble = trouble;
    this.#failures = trouble === undefined ? 0 : this.#failures + 1;
    return outcome;
  }

  #deliver(pod: Pod, look: Extract<PodLook, { type: 'read' }>): void {
    const flows = this.#memories
      .take(pod, look.samples, this.#options.now())
      .filter(({ seen }) => !(seen.incoming && this.#isReadElsewhere(seen.remote.ip)))
      .map(({ seen, time }) =>
        flowOf(seen, { pod, time, podAt: this.#context.podAt, serviceAt: this.#options.services }),
      );
    if (flows.length > 0) this.#sink.flows(flows);
  }

  /** A connection between two pods that are both read is reported by the side that opened it. */
  #isReadElsewhere(ip: string): boolean {
    const pod = this.#context.podAt(ip);
    return pod !== undefined && this.#rota.reads(pod);
  }

  /** Removes pods that left the view and reports the state; at most twice a second, because there may be many pods. */
  #takeStock(now: number): void {
    if (now - this.#counted < 500) return;
    this.#counted = now;
    const pods = this.#context.pods();
    const uids = new Set(pods.map(({ uid }) => uid));
    this.#rota.keep(uids);
    this.#memories.keep(uids);
    const count = this.#rota.count(pods, now);
    const turns = (count.readable + count.waiting) / this.#slots;
    const state = sourceState(count, turns * this.#interval, this.#trouble);
    if (state.status === this.#shown?.status && state.detail === this.#shown.detail) return;
    this.#shown = state;
    this.#sink.state(state);
  }

  async #wait(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await wait(milliseconds, undefined, { signal: this.#signal });
  }
}

function looksFor(pods: number, slots: number): number {
  return Math.min(MOST_LOOKS, Math.max(FEWEST_LOOKS, Math.ceil((MOST_LOOKS * slots) / Math.max(1, pods))));
}

/**
 * The probe's state for the header: how many pods are read and why others are not. `trouble`: why the API server was
 * unreachable at the last look; `period`: ms until every pod has had its turn.
 */
function sourceState(count: RotaCount, period: number, trouble: unknown): TrafficState {
  const state = (status: TrafficState['status'], detail: string): TrafficState => ({
    source: 'probe',
    status,
    detail,
    lost: 0,
  });
  if (trouble !== undefined) return state('reconnecting', asSluiceError(trouble).message);
  if (count.total === 0) return state('connecting', 'no running pods in view');
  const phrases = [`sockets of ${count.readable}/${count.total} pods`, ...exceptions(count)];
  if (period > 5_000) phrases.push(`each pod every ${Math.round(period / 1_000)} s`);
  const detail = phrases.join(' · ');
  if (count.readable > 0) return state('live', detail);
  return state(count.waiting > 0 ? 'connecting' : 'failed', detail);
}

function exceptions({ unreadable, denied, deniedIn, onHost }: RotaCount): readonly string[] {
  return [
    ...(unreadable > 0 ? [`${unreadable} without a tool to read them`] : []),
    ...(denied > 0 ? [`${denied} in ${deniedIn.join(', ')}: exec forbidden`] : []),
    ...(onHost > 0 ? [`${onHost} on the host network`] : []),
  ];
}
