import { SluiceError } from '../../core/common/common.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long shutdown may take: cleanup is bounded by less, and nothing else may keep the process alive. */
const END_WITHIN = 20_000;

/** A ctrl-c this soon after another signal is the same one: npm forwards what the terminal sent to both. */
const SAME_WISH = 1_000;

/**
 * Turns signals into an abort, so that cleanup runs first. A second ctrl-c exits at once; a second SIGHUP or SIGTERM
 * does not, because closing a terminal may send one from the kernel and one from the shell.
 */
export type Interrupt = {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** While `use` runs, another program has the terminal: ctrl-c aborts the signal that `use` gets, and nothing else. */
  readonly lend: (use: (interrupted: AbortSignal) => Promise<void>) => Promise<void>;
  readonly dispose: () => void;
};

/** Listens for SIGINT, SIGTERM and SIGHUP until disposed. */
export function listenForSignals(): Interrupt {
  const controller = new AbortController();
  let first = 0;
  let lent: AbortController | undefined;
  let interrupted = Number.NEGATIVE_INFINITY;
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (name === 'SIGINT' && performance.now() - first > SAME_WISH) process.exit(130);
      return;
    }
    if (name === 'SIGINT' && (lent !== undefined || performance.now() - interrupted < SAME_WISH)) {
      if (lent !== undefined) interrupted = performance.now();
      lent?.abort(new SluiceError('interrupted', 'Interrupted by ctrl-c.', ''));
      return;
    }
    first = performance.now();
    setTimeout(() => process.exit(130), END_WITHIN).unref();
    controller.abort(new SluiceError('interrupted', `Interrupted by ${name}.`, ''));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    lend: async (use) => {
      lent = new AbortController();
      try {
        await use(AbortSignal.any([lent.signal, controller.signal]));
      } finally {
        lent = undefined;
        // What ctrl-c ended may be gone before the signal is told here.
        interrupted = performance.now();
      }
    },
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
