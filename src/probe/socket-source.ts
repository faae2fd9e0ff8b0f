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

/** How long a workload without tools and a namespace without permission are skipped. */
const BLOCKED: BackOff = { base: 5 * 60_000, cap: 5 * 60_000 };

/** How long a pod is skipped whose containers can't be entered, and a node whose kubelet does not answer. */
const FAILING: BackOff = { base: 1_000, cap: 15_000 };
const SILENT: BackOff = { base: 2_000, cap: 60_000 };

/** Pods by state: `readable` were read at their last look, `waiting` have not been looked at yet. */
type RotaCount = {
  readonly total: number;
  readonly readable: number;
  readonly waiting: number;
  readonly unreadable: number;
  readonly denied: number;
  /** On nodes whose kubelet does not answer. */
  readonly silent: number;
  readonly onHost: number;
  /** Namespaces where exec is forbidden. */
  readonly deniedIn: readonly string[];
};

/** What failed, by key, and when it may be tried again; times are ms on a monotonic clock. */
class Skips {
  readonly #failed = new Map<string, { readonly failures: number; readonly until: number }>();

  /** Records a failure; several at once count as one. */
  fail(key: string, now: number, backOff: BackOff): void {
    const { failures, until } = this.#failed.get(key) ?? { failures: 0, until: now };
    if (until > now) return;
    this.#failed.set(key, { failures: failures + 1, until: now + delayAfter(failures + 1, backOff, 1) });
  }

  clear(key: string): void {
    this.#failed.delete(key);
  }

  /** Whether it failed at its last try. */
  has(key: string): boolean {
    return this.#failed.has(key);
  }

  until(key: string): number {
    return this.#failed.get(key)?.until ?? Number.NEGATIVE_INFINITY;
  }

  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#failed.keys()) if (!keys.has(key)) this.#failed.delete(key);
  }
}

/**
 * Picks the next pod: of those that are due and readable, the one not looked at for the longest. Host-network pods are
 * skipped, because their sockets are the node's. Times are ms on a monotonic clock.
 */
class Rota {
  readonly #started = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #readable = new Set<string>();
  readonly #unreadable = new Skips();
  readonly #denied = new Skips();
  readonly #failing = new Skips();
  readonly #silent = new Skips();
  readonly #interval: number;
  /** No pod of the list is due before `until`: the search is over all pods, and many slots ask. */
  #idle: { readonly pods: readonly Pod[]; readonly until: number } | undefined;

  constructor(interval: number) {
    this.#interval = interval;
  }

  /** The pod to look at now, marked as busy; or the time when one is due, infinite if none will be by itself. */
  next(pods: readonly Pod[], now: number): Pod | number {
    if (this.#idle !== undefined && this.#idle.pods === pods && now < this.#idle.until)
      return this.#idle.until;
    let best: Pod | undefined;
    let oldest = Number.POSITIVE_INFINITY;
    let until = Number.POSITIVE_INFINITY;
    for (const pod of pods) {
      if (pod.hostNetwork || pod.containers.length === 0 || this.#busy.has(pod.uid)) continue;
      const started = this.#started.get(pod.uid) ?? Number.NEGATIVE_INFINITY;
      if (started >= oldest) continue;
      const due = Math.max(started + this.#interval, this.#skippedUntil(pod));
      if (due > now) {
        until = Math.min(until, due);
        continue;
      }
      best = pod;
      oldest = started;
      if (started === Number.NEGATIVE_INFINITY) break;
    }
    if (best === undefined) {
      this.#idle = { pods, until };
      return until;
    }
    this.#busy.add(best.uid);
    this.#started.set(best.uid, now);
    return best;
  }

  /** Records the result of a look; undefined if it was aborted. */
  done(pod: Pod, look: PodLook | undefined, now: number): void {
    this.#busy.delete(pod.uid);
    this.#idle = undefined;
    if (look?.type === 'read') {
      this.#readable.add(pod.uid);
      this.#denied.clear(pod.namespace);
      this.#unreadable.clear(workloadKey(pod));
      this.#silent.clear(nodeKey(pod));
      this.#failing.clear(pod.uid);
      return;
    }
    this.#readable.delete(pod.uid);
    switch (look?.type) {
      case undefined:
        return;
      case 'unreadable':
        this.#unreadable.fail(workloadKey(pod), now, BLOCKED);
        break;
      case 'denied':
        this.#denied.fail(pod.namespace, now, BLOCKED);
        break;
      case 'failed': {
        const failure = execFailure(look.error);
        if (failure === 'node') this.#silent.fail(nodeKey(pod), now, SILENT);
        else if (failure === 'container') this.#failing.fail(pod.uid, now, FAILING);
      }
    }
  }

  /** Forgets what is no longer in view. */
  keep(pods: readonly Pod[]): void {
    const uids = new Set(pods.map(({ uid }) => uid));
    for (const uid of this.#started.keys()) if (!uids.has(uid)) this.#started.delete(uid);
    for (const uid of this.#readable) if (!uids.has(uid)) this.#readable.delete(uid);
    this.#failing.keep(uids);
    this.#unreadable.keep(new Set(pods.map(workloadKey)));
    this.#silent.keep(new Set(pods.map(nodeKey)));
  }

  count(pods: readonly Pod[]): RotaCount {
    const count = { readable: 0, waiting: 0, unreadable: 0, denied: 0, silent: 0, onHost: 0 };
    const deniedIn = new Set<string>();
    for (const pod of pods) {
      const state = this.#stateOf(pod);
      count[state] += 1;
      if (state === 'denied') deniedIn.add(pod.namespace);
    }
    return { ...count, total: pods.length, deniedIn: [...deniedIn].sort() };
  }

  /** Whether the pod's own sockets are being read, so that its side of a connection is reported. */
  reads(pod: Pod): boolean {
    return this.#readable.has(pod.uid);
  }

  #stateOf(pod: Pod): Exclude<keyof RotaCount, 'total' | 'deniedIn'> {
    if (pod.hostNetwork) return 'onHost';
    if (this.#denied.has(pod.namespace)) return 'denied';
    if (this.#unreadable.has(workloadKey(pod))) return 'unreadable';
    if (this.#readable.has(pod.uid)) return 'readable';
    return this.#silent.has(nodeKey(pod)) ? 'silent' : 'waiting';
  }

  #skippedUntil(pod: Pod): number {
    return Math.max(
      this.#denied.until(pod.namespace),
      this.#unreadable.until(workloadKey(pod)),
      this.#silent.until(nodeKey(pod)),
      this.#failing.until(pod.uid),
    );
  }
}

function nodeKey({ node = '' }: Pod): string {
  return node;
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

/**
 * Shortest and longest time that an idle slot waits, ms: a new pod gets its first look within the longest, and the result
 * of a look is counted within `counting`.
 */
const IDLE = { least: 50, counting: 250, most: 1_000 };

/** How long all slots rest when the API server is unreachable, and when no look at any pod succeeds. */
const UNREACHABLE: BackOff = { base: 500, cap: 5_000 };
const FRUITLESS: BackOff = { base: 100, cap: 60_000 };
const ALL = 'all slots';

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
  readonly #rests = new Skips();
  #looking = 0;
  #trouble: unknown;
  #shown: TrafficState | undefined;
  #counted = { at: Number.NEGATIVE_INFINITY, pods: [] as readonly Pod[], isStale: true };

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
      const rest = this.#restUntil(started);
      const next = rest > started ? rest : this.#rota.next(pods, started);
      if (typeof next === 'number') {
        const most = this.#counted.isStale ? IDLE.counting : IDLE.most;
        await this.#wait(Math.min(most, Math.max(IDLE.least, next - started)));
        continue;
      }
      this.#looking += 1;
      const look = await this.#look(next, looksFor(pods.length, this.#slots));
      if (look.type === 'read') this.#deliver(next, look);
      await this.#wait(this.#interval - (performance.now() - started));
    }
  }

  async #look(pod: Pod, looks: number): Promise<PodLook> {
    let outcome: PodLook | undefined;
    try {
      outcome = await this.#reader.look(pod, looks, this.#signal);
    } finally {
      this.#looking -= 1;
      this.#rota.done(pod, outcome, performance.now());
      this.#counted.isStale = true;
    }
    this.#trouble =
      outcome.type === 'failed' && execFailure(outcome.error) === 'cluster' ? outcome.error : undefined;
    if (outcome.type === 'failed')
      this.#rests.fail(ALL, performance.now(), this.#trouble === undefined ? FRUITLESS : UNREACHABLE);
    else this.#rests.clear(ALL);
    return outcome;
  }

  /** When a slot may go on: after a rest one of them tries first. */
  #restUntil(now: number): number {
    return this.#rests.has(ALL) && this.#looking > 0 ? now + IDLE.counting : this.#rests.until(ALL);
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

  /**
   * Removes pods that left the view and reports the state: after changes, and at most twice a second, because there may
   * be many pods.
   */
  #takeStock(now: number): void {
    const pods = this.#context.pods();
    const { at, isStale } = this.#counted;
    if (now - at < 500 || (!isStale && this.#counted.pods === pods)) return;
    this.#counted = { at: now, pods, isStale: false };
    this.#rota.keep(pods);
    this.#memories.keep(new Set(pods.map(({ uid }) => uid)));
    const count = this.#rota.count(pods);
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

function exceptions({ unreadable, denied, deniedIn, silent, onHost }: RotaCount): readonly string[] {
  return [
    ...(unreadable > 0 ? [`${unreadable} without a tool to read them`] : []),
    ...(denied > 0 ? [`${denied} in ${deniedIn.join(', ')}: exec forbidden`] : []),
    ...(silent > 0 ? [`${silent} on nodes whose kubelet does not answer`] : []),
    ...(onHost > 0 ? [`${onHost} on the host network`] : []),
  ];
}
