import type { Cell } from '../fleet.ts';
import type { Path } from '../paths.ts';
import type { Bench, Draft } from '../round.ts';

/** Policies in a cell, and the connections to try under them. */
export type Scenario = {
  /** Reads as a sentence: what the rules of the API say. */
  readonly title: string;
  readonly policies: (cell: Cell) => readonly Draft[];
  readonly paths: readonly Path[];
  /** Reasons for which the program may leave a path undecided here. */
  readonly undecidable?: RegExp;
  /** Why all paths may have one verdict; without it there must be allowed and denied ones. */
  readonly oneSided?: string;
  /** A change of other objects while the policies stand; then the paths are tried again, and some verdict turns. */
  readonly change?: Change;
};

export type Change = {
  readonly make: (bench: Bench) => Promise<void>;
  readonly undo: (bench: Bench) => Promise<void>;
};

/** A policy of namespace x. */
export const inX = (spec: string): Draft => ({ namespace: 'x', spec });
/** A policy of namespace y. */
export const inY = (spec: string): Draft => ({ namespace: 'y', spec });

/** A scenario whose policies need no addresses. */
export function scenario(
  title: string,
  policies: readonly Draft[],
  paths: readonly Path[],
  more: Partial<Scenario> = {},
): Scenario {
  return { title, policies: () => policies, paths, ...more };
}
