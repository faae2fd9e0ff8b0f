import type { Pod } from '../../core/cluster/objects.ts';
import { type PodLook, workloadKey } from './socket-reader.ts';

/** How long a pod that could not be read is left alone, ms. */
const BLOCKED_FOR = 5 * 60_000;

/** How pods stand: `readable` were read at their last look, `waiting` not looked at yet. */
export type RotaCount = {
  readonly total: number;
  readonly readable: number;
  readonly waiting: number;
  readonly unreadable: number;
  readonly denied: number;
  readonly onHost: number;
  /** Namespaces in which exec is not allowed. */
  readonly deniedIn: readonly string[];
};

/**
 * Whose turn it is: of the pods that are due and may be read, the one not looked at for the longest. Pods on the
 * network of their node are left out: their sockets are the node's. Times are ms on a monotonic clock.
 */
export class Rota {
  readonly #started = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #readable = new Set<string>();
  readonly #unreadable = new Map<string, number>();
  readonly #denied = new Map<string, number>();
  readonly #interval: number;

  constructor(interval: number) {
    this.#interval = interval;
  }

  /** The pod to look at now, marked as being looked at; undefined when none is due. */
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

  /** Takes note of how a look went; undefined when it was cut short. */
  done(pod: Pod, look: PodLook['type'] | undefined, now: number): void {
    this.#busy.delete(pod.uid);
    if (look === 'read') this.#readable.add(pod.uid);
    else this.#readable.delete(pod.uid);
    if (look === 'unreadable') this.#unreadable.set(workloadKey(pod), now + BLOCKED_FOR);
    if (look === 'denied') this.#denied.set(pod.namespace, now + BLOCKED_FOR);
  }

  /** Forgets pods that are no longer in view. */
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

  /** Whether the pod's own sockets are being read, so that its side of a connection tells of it. */
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
