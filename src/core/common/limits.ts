import { MAX_SECONDS, PRESETS } from './duration.ts';

/** What an organization allows for grants; from the configuration file, else the defaults. */
export type Limits = {
  /** Windows offered by the form, in seconds. */
  readonly presets: readonly number[];
  /** The longest window, extensions included, seconds. */
  readonly maxSeconds: number;
  /** What a reason must match, such as a ticket number; the source of a regular expression. */
  readonly reasonPattern?: string;
  /** Namespaces and contexts where nothing is granted; `*` stands for any run of characters. */
  readonly protectedNamespaces: readonly string[];
  readonly protectedContexts: readonly string[];
};

export const DEFAULT_LIMITS: Limits = {
  presets: PRESETS,
  maxSeconds: MAX_SECONDS,
  protectedNamespaces: [],
  protectedContexts: [],
};
