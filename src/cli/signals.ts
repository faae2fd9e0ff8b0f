import { SluiceError } from '../core/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns signals into an abort, so that what must be undone is undone first. A second one ends the process at once. */
export type Interrupt = {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  readonly dispose: () => void;
};

/** Listens for SIGINT, SIGTERM and SIGHUP until disposed. */
export function listenForSignals(): Interrupt {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new SluiceError('interrupted', `Interrupted by ${name}.`, ''));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
