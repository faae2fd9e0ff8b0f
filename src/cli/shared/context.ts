import type { Clock } from '../../core/ports/ports.ts';
import type { Config } from './config.ts';
import type { ConnectionOptions } from './options.ts';
import type { Interrupt } from './signals.ts';
import type { Output } from './write.ts';

/** What every verb gets: parsed options, where to write, and the signal to stop. */
export type VerbContext = {
  readonly options: ConnectionOptions;
  readonly config: Config;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly lend: Interrupt['lend'];
};

/** The system clock. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

declare const __SLUICE_VERSION__: string | undefined;

/** The version of this program; `dev` when it runs unbundled, as in unit tests. */
export const VERSION: string = typeof __SLUICE_VERSION__ === 'string' ? __SLUICE_VERSION__ : 'dev';
