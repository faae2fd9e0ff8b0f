import { MAX_SECONDS, PRESETS } from './duration.ts';

/** What an organisation allows of grants; from the configuration file, else the defaults. */
export type Limits = {
  /** Windows that the form offers, seconds. */
  readonly presets: readonly number[];
  /** The longest window, extensions included, seconds. */
  readonly maxSeconds: number;
  /** What a reason must match, a ticket number for instance; source of a regular expression. */
  readonly reasonPattern?: string;
  /** Namespaces and contexts in which nothing is granted; `*` stands for any run of characters. */
  readonly protectedNamespaces: readonly string[];
  readonly protectedContexts: readonly string[];
};

export const DEFAULT_LIMITS: Limits = {
  presets: PRESETS,
  maxSeconds: MAX_SECONDS,
  protectedNamespaces: [],
  protectedContexts: [],
};
