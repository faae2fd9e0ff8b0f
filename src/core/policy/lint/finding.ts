import type { Direction, PolicyRef } from '../model/model.ts';

/** `error`: it does not do what it says. `warning`: surprising. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One finding in one policy. `ruleIndex` counts from 0, as in a decider; texts say "rule 1". */
export type Finding = {
  readonly id: string;
  readonly severity: Severity;
  readonly policy: PolicyRef;
  readonly direction?: Direction;
  readonly ruleIndex?: number;
  /** What is wrong, one sentence. */
  readonly text: string;
  /** What to do, one sentence. */
  readonly fix: string;
};

/** What a check returns; the table adds the rest. `severity` only where it differs from the lint's own. */
export type Flaw = Pick<Finding, 'direction' | 'ruleIndex' | 'text' | 'fix'> & {
  readonly severity?: Severity;
};
