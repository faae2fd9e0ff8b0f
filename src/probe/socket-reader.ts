import type { Pod } from '../core/cluster/cluster.ts';
import type { Exec } from '../core/ports/ports.ts';
import { execFailure, isMissing } from './finding.ts';
import { parseSamples, type SocketSample } from './proc-net.ts';
import { READERS, type Reader, readerTimeout } from './readers.ts';

/**
 * The result of one look at a pod. `samples` are in chronological order; `many`: the exec made more than one look.
 * `unreadable`: no container can read files. `denied`: exec is forbidden in its namespace. `failed`: a transient failure.
 */
export type PodLook =
  | { readonly type: 'read'; readonly samples: readonly SocketSample[]; readonly many: boolean }
  | { readonly type: 'unreadable' }
  | { readonly type: 'denied'; readonly error: unknown }
  | { readonly type: 'failed'; readonly error: unknown };

export type SocketReader = {
  /** Looks at a pod's sockets up to `looks` times, half a second apart. Rejects only when `signal` aborts. */
  readonly look: (pod: Pod, looks: number, signal: AbortSignal) => Promise<PodLook>;
};

type Way = { readonly container: string; readonly reader: Reader };

/**
 * Reads socket tables through `exec`, remembering for each workload which container and program worked. All containers of
 * a pod share one network, so any of them works (PROBE-1).
 */
export function createSocketReader(exec: Exec): SocketReader {
  const known = new Map<string, Way>();

  const attempt = async (pod: Pod, way: Way, looks: number, signal: AbortSignal) => {
    const wanted = way.reader.many ? looks : 1;
    const answer = await exec(
      { namespace: pod.namespace, pod: pod.name, container: way.container },
      way.reader.command(wanted),
      { signal, timeout: readerTimeout(wanted) },
    );
    const samples = parseSamples(answer.stdout);
    return { samples, many: wanted > 1, missing: samples.length === 0 && isMissing(answer) };
  };

  const look = async (pod: Pod, looks: number, signal: AbortSignal): Promise<PodLook> => {
    const missing = new Set<string>();
    const shut = new Map<string, unknown>();
    for (const way of waysOf(pod, known.get(workloadKey(pod)))) {
      const program = `${way.container}/${way.reader.needs}`;
      if (missing.has(program) || shut.has(way.container)) continue;
      try {
        const { samples, many, missing: gone } = await attempt(pod, way, looks, signal);
        if (samples.length > 0) {
          known.set(workloadKey(pod), way);
          return { type: 'read', samples, many };
        }
        if (gone) missing.add(program);
      } catch (error) {
        signal.throwIfAborted();
        switch (execFailure(error)) {
          case 'abort':
            throw error;
          case 'denied':
            return { type: 'denied', error };
          case 'cluster':
          case 'node':
            return { type: 'failed', error };
          case 'container':
            shut.set(way.container, error);
            break;
          case 'program':
            missing.add(program);
        }
      }
    }
    for (const error of shut.values()) return { type: 'failed', error };
    known.delete(workloadKey(pod));
    return { type: 'unreadable' };
  };

  return { look };
}

function* waysOf(pod: Pod, first: Way | undefined): Generator<Way> {
  if (first !== undefined && pod.containers.includes(first.container)) yield first;
  for (const container of pod.containers) {
    for (const reader of READERS) {
      if (first?.container !== container || first.reader !== reader) yield { container, reader };
    }
  }
}

/** Pods of one workload have the same images, so what works for one works for all. */
export function workloadKey(pod: Pod): string {
  const { owner } = pod;
  return owner === undefined ? pod.uid : `${owner.namespace}/${owner.kind}/${owner.name}`;
}
