import { setTimeout as wait } from 'node:timers/promises';
import type { Pod } from '../core/cluster/objects.ts';
import { isAbort } from '../core/errors.ts';
import type { Exec, TrafficContext, TrafficSink, TrafficSource, TrafficState } from '../core/ports.ts';
import { type BackOff, delayAfter } from '../wait.ts';
import { flowOf } from './flow-of.ts';
import type { ServiceAt } from './service-at.ts';
import { Rota } from './sockets/rota.ts';
import { SocketMemories } from './sockets/socket-memories.ts';
import { createSocketReader, type PodLook } from './sockets/socket-reader.ts';
import { sourceState } from './sockets/source-state.ts';
import { execFailure } from './tool-missing.ts';

/** Looks in one exec, half a second apart, while every pod has a slot of its own; and when slots are shared. */
const MOST_LOOKS = 4;
const FEWEST_LOOKS = 2;

/** How long a slot without work waits, ms; and the longest wait after the API server could not be reached. */
const IDLE = 250;
const BACK_OFF: BackOff = { base: 2 * IDLE, cap: 5_000 };

export type SocketSourceOptions = {
  readonly exec: Exec;
  /** Shortest time between two execs for one pod, and of one slot, ms; 1 s by default. */
  readonly interval?: number;
  /** Execs at once; 8 by default. */
  readonly concurrency?: number;
  /** Finds the service behind an address that a socket dialled. */
  readonly services?: ServiceAt;
  /** Local time, ms since the epoch: dates the flows. */
  readonly now: () => number;
};

/**
 * Connection attempts as the sockets of the pods in view show them, without Hubble and without anything installed
 * (PROBE-1). Each exec watches one pod for up to 1.5 s and ends by itself, even when this process is killed: what it
 * started in a pod is gone within 8 s at the latest. How far to trust what it sees is in `trustOf`.
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
  /** Ends the other slots when one fails in a way that nobody foresaw. */
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

  /** A connection between two pods that are both read is told by the side that opened it. */
  #isReadElsewhere(ip: string): boolean {
    const pod = this.#context.podAt(ip);
    return pod !== undefined && this.#rota.reads(pod);
  }

  /** Forgets what has left the view and says how the source stands; at most twice a second, as pods may be many. */
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
