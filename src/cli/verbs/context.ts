import type { Config } from '../config.ts';
import type { ConnectionOptions } from '../connect/compose.ts';
import type { Output } from '../output/write.ts';

/** What every verb gets: options as parsed, where to write, and the signal that asks it to end. */
export type VerbContext = {
  readonly options: ConnectionOptions;
  readonly config: Config;
  readonly output: Output;
  readonly signal: AbortSignal;
};
