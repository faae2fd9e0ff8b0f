import type { Checkpoint } from './checkpoint.ts';

/** What is wrong with a log. */
export type FindingKind =
  | 'edited'
  | 'removed'
  | 'moved'
  | 'inserted'
  | 'truncated'
  | 'unreadable'
  | 'forked'
  | 'rewritten'
  | 'rolled-back'
  | 'key'
  | 'checkpoint'
  | 'foreign';

/** A problem, its place and what to do about it; `line` counts from 1, 0 means the whole file. */
export type Finding = {
  readonly kind: FindingKind;
  readonly file: string;
  readonly line: number;
  readonly seq?: number;
  readonly what: string;
  readonly next: string;
};

const COMPARE = 'Compare the log with a copy of it.';
const SUSPECT = 'Treat the records as not trustworthy, and look for a copy of the log that matches.';

/** The next step for each kind. */
export const NEXT: Readonly<Record<FindingKind, string>> = {
  edited: COMPARE,
  removed: COMPARE,
  moved: COMPARE,
  inserted: COMPARE,
  truncated:
    'Look for the missing records in a copy of the log, or by Audit-ID in the log of the API server.',
  unreadable: COMPARE,
  forked: 'Find out what else writes to this folder, such as a restored backup or a second machine.',
  rewritten: SUSPECT,
  'rolled-back':
    'Find out whether a backup was restored; else look for the missing records in a copy of the log.',
  key: 'If you know of no lost key, verify against a checkpoint or a public key that is kept elsewhere.',
  checkpoint: 'Verify against a checkpoint that is kept elsewhere.',
  foreign: 'Use --cluster and --directory to name the log that it is of.',
};

/** Notes a finding. */
export type Bad = (kind: FindingKind, file: string, line: number, what: string, seq?: number) => void;

/** A checkpoint to compare with, and where it comes from: a file of the log, a file elsewhere, an object of the cluster. */
export type Witness = {
  readonly from: string;
  readonly checkpoint: Checkpoint;
  readonly isElsewhere: boolean;
};
