import type { Pod } from '../../core/cluster/objects.ts';
import { emptyMemory, observe, type SocketMemory, type SocketObservation } from './observe.ts';
import type { SocketSample } from './proc-net.ts';

/** An observation and when the sample that shows it was taken, ms since the epoch. */
export type TimedObservation = { readonly seen: SocketObservation; readonly time: number };

/** What has been seen of each pod, by UID. */
export class SocketMemories {
  readonly #memories = new Map<string, SocketMemory>();

  /** Takes in samples of a pod, the last of them taken at `now`; earlier ones are dated by the machine's uptime. */
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

  /** Forgets pods that are no longer in view. */
  keep(uids: ReadonlySet<string>): void {
    for (const uid of this.#memories.keys()) if (!uids.has(uid)) this.#memories.delete(uid);
  }
}

function servedPorts(pod: Pod): readonly number[] {
  return pod.ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port);
}
