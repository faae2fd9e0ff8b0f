import type { Cell } from '../fleet.ts';
import type { Path } from '../paths.ts';
import type { Bench, Draft } from '../round.ts';

/** Policies in a cell, and the connections to try under them. */
export type Scenario = {
  /** A sentence about the rules of the API. */
  readonly title: string;
  readonly policies: (cell: Cell) => readonly Draft[];
  readonly paths: readonly Path[];
  /** Reasons for which the program may leave a path undecided here. */
  readonly undecidable?: RegExp;
  /** Why all paths may have the same verdict; without it there must be allowed and denied ones. */
  readonly oneSided?: string;
  /** A change of other objects while the policies are in force; the paths are then tried again, and some verdict changes. */
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
