import type { Guess } from './guess.ts';
import type { OracleEnd, OraclePod, OracleWorld } from './reading.ts';
import type { Settings } from './settings.ts';

export type Direction = 'ingress' | 'egress';

/** One half: `self` has the policies, `peer` is at the other end, each with the address in use. */
export type Ask = {
  readonly world: OracleWorld;
  readonly settings: Settings;
  readonly guess: Guess;
  readonly direction: Direction;
  readonly self: OraclePod;
  readonly peer: OracleEnd;
  readonly port: number;
  readonly protocol: string;
};

/** What a set of rules has to say: `l7`: it opens the port, and a proxy decides on the request. */
export type Opinion = { readonly action: 'allow' | 'deny' | 'pass'; readonly l7: boolean };

/** A policy of the normal tier on a pod, as it bears on one question. */
export type Normal = {
  readonly isolates: boolean;
  readonly denies: boolean;
  readonly allows: 'no' | 'plain' | 'l7';
  /** Whether it has rules of that direction at all. */
  readonly speaks: boolean;
};
