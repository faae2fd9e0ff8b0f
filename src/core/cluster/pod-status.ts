import { numberOf, type Raw, rawOf, rawsOf, textOf } from '../common/common.ts';
import type { PodPhase } from './objects.ts';

/** The READY, RESTARTS, and STATUS columns of `kubectl get pods`. */
export type PodStatus = {
  readonly status: string;
  readonly readyContainers: number;
  readonly restarts: number;
};

/**
 * READY, RESTARTS, and STATUS as kubectl prints them: the reason closest to the user; init containers first, then the
 * first container that is waiting or terminated, then deletion. Source: `printPod` of
 * kubernetes/pkg/printers/internalversion/printers.go.
 */
export function podStatus(pod: Raw): PodStatus {
  const spec = rawOf(pod.spec);
  const status = rawOf(pod.status);
  const phase = phaseOf(status.phase);
  const first = scheduling(status) ?? textOf(status.reason) ?? phase;
  const init = initStatus(spec, status);
  const main = init.text === undefined || isInitialized(status) ? mainStatus(status) : undefined;
  const reason = main?.text ?? init.text ?? first;
  const settled =
    reason === 'Completed' && main?.running ? (isReady(status) ? 'Running' : 'NotReady') : reason;
  return {
    status: deletion(pod, status, phase) ?? settled,
    readyContainers: init.ready + (main?.ready ?? 0),
    restarts: main === undefined ? init.restarts : main.restarts + init.sidecarRestarts,
  };
}

/** An unknown phase is treated as that of a new pod. */
export function phaseOf(value: unknown): PodPhase {
  switch (value) {
    case 'Running':
    case 'Succeeded':
    case 'Failed':
    case 'Unknown':
      return value;
    default:
      return 'Pending';
  }
}

function scheduling(status: Raw): string | undefined {
  const condition = rawsOf(status.conditions).find((item) => item.type === 'PodScheduled');
  return condition?.reason === 'SchedulingGated' ? 'SchedulingGated' : undefined;
}

function deletion(pod: Raw, status: Raw, phase: PodPhase): string | undefined {
  if (rawOf(pod.metadata).deletionTimestamp === undefined) return undefined;
  if (status.reason === 'NodeLost') return 'Unknown';
  return phase === 'Succeeded' || phase === 'Failed' ? undefined : 'Terminating';
}

type InitStatus = {
  readonly text?: string;
  readonly ready: number;
  readonly restarts: number;
  readonly sidecarRestarts: number;
};

/** The first unfinished init container determines the status; started sidecars count as ready. */
function initStatus(spec: Raw, status: Raw): InitStatus {
  const containers = rawsOf(spec.initContainers);
  const sidecars = new Set(
    containers.filter((item) => item.restartPolicy === 'Always').map((item) => item.name),
  );
  let ready = 0;
  let restarts = 0;
  let sidecarRestarts = 0;
  for (const [index, container] of rawsOf(status.initContainerStatuses).entries()) {
    const sidecar = sidecars.has(container.name);
    const count = numberOf(container.restartCount) ?? 0;
    restarts += count;
    if (sidecar) sidecarRestarts += count;
    const { terminated, waiting } = states(container);
    if (terminated !== undefined && numberOf(terminated.exitCode) === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready === true) ready += 1;
      continue;
    }
    const text = initText(terminated, waiting) ?? `Init:${index}/${containers.length}`;
    return { text, ready, restarts, sidecarRestarts };
  }
  return { ready, restarts, sidecarRestarts };
}

function initText(terminated: Raw | undefined, waiting: Raw | undefined): string | undefined {
  if (terminated !== undefined) return `Init:${endText(terminated)}`;
  const reason = textOf(waiting?.reason);
  return reason !== undefined && reason !== 'PodInitializing' ? `Init:${reason}` : undefined;
}

type MainStatus = {
  readonly text?: string;
  readonly ready: number;
  readonly restarts: number;
  readonly running: boolean;
};

function mainStatus(status: Raw): MainStatus {
  let text: string | undefined;
  let ready = 0;
  let restarts = 0;
  let running = false;
  for (const container of rawsOf(status.containerStatuses).toReversed()) {
    restarts += numberOf(container.restartCount) ?? 0;
    const { terminated, waiting, runs } = states(container);
    const reason = textOf(waiting?.reason);
    if (reason !== undefined) text = reason;
    else if (terminated !== undefined) text = endText(terminated);
    else if (runs && container.ready === true) {
      running = true;
      ready += 1;
    }
  }
  return text === undefined ? { ready, restarts, running } : { text, ready, restarts, running };
}

function endText(terminated: Raw): string {
  const reason = textOf(terminated.reason);
  if (reason !== undefined) return reason;
  const signal = numberOf(terminated.signal) ?? 0;
  return signal === 0 ? `ExitCode:${numberOf(terminated.exitCode) ?? 0}` : `Signal:${signal}`;
}

function states(container: Raw): { terminated?: Raw; waiting?: Raw; runs: boolean } {
  const { terminated, waiting, running } = rawOf(container.state);
  return {
    ...(terminated ? { terminated: rawOf(terminated) } : {}),
    ...(waiting ? { waiting: rawOf(waiting) } : {}),
    runs: running !== undefined && running !== null,
  };
}

function isReady(status: Raw): boolean {
  return hasCondition(status, 'Ready');
}

function isInitialized(status: Raw): boolean {
  return hasCondition(status, 'Initialized');
}

function hasCondition(status: Raw, type: string): boolean {
  return rawsOf(status.conditions).some((item) => item.type === type && item.status === 'True');
}
