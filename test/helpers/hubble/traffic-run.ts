import type { TrafficSource, TrafficState } from '../../../src/core/ports/ports.ts';
import type { Flow } from '../../../src/core/traffic/flow.ts';

/** A source at work, with everything it delivered. */
export type TrafficRun = {
  readonly flows: Flow[];
  readonly batches: number[];
  readonly states: TrafficState[];
  state(): TrafficState | undefined;
  /** How `run` ended: resolves with undefined or the error. */
  readonly ended: Promise<unknown>;
  stop(): Promise<unknown>;
};

export function runSource(source: TrafficSource): TrafficRun {
  const controller = new AbortController();
  const flows: Flow[] = [];
  const batches: number[] = [];
  const states: TrafficState[] = [];
  const ended = source
    .run(
      { pods: () => [], podAt: () => undefined },
      {
        flows: (more) => {
          flows.push(...more);
          batches.push(more.length);
        },
        state: (state) => states.push(state),
      },
      controller.signal,
    )
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return {
    flows,
    batches,
    states,
    state: () => states.at(-1),
    ended,
    stop: () => {
      controller.abort();
      return ended;
    },
  };
}
