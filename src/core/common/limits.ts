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
  /** Where a grant needs somebody else's approval; absent: nowhere. */
  readonly approvals?: Approvals;
};

/** Approvals (GRANT-34): where they are required, how long a request waits, and whether one may go without. */
export type Approvals = {
  /** `*` stands for any run of characters. */
  readonly namespaces: readonly string[];
  readonly contexts: readonly string[];
  readonly pendingSeconds: number;
  readonly breakGlass: boolean;
};

/** Nowhere; a request waits for an hour. */
export const DEFAULT_APPROVALS: Approvals = {
  namespaces: [],
  contexts: [],
  pendingSeconds: 3_600,
  breakGlass: false,
};

export const DEFAULT_LIMITS: Limits = {
  presets: PRESETS,
  maxSeconds: MAX_SECONDS,
  protectedNamespaces: [],
  protectedContexts: [],
};
