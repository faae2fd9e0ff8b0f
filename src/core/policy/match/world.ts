import type { ClusterModel } from '../../cluster/model.ts';
import type { ForeignObject } from '../model/policy.ts';
import type { Dialect } from './dialect.ts';
import type { Doubt, Matching } from './matching.ts';
import { type CidrTable, createCidrTable } from './ranges.ts';

/**
 * What policies are judged in: the objects of a cluster, and how its enforcer reads them. `foreign` are policies in
 * force that are not evaluated here; `doubts`, where given, collects the reason of every `maybe`. What `matching` and
 * `cidrs` remember hangs on objects that never change, and goes with the world.
 */
export type World = {
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly foreign: readonly ForeignObject[];
  readonly matching: Matching;
  readonly cidrs: CidrTable;
  readonly doubts?: Doubt[];
};

/** What a world is made from; an engine has it. */
export type WorldParts = Pick<World, 'model' | 'dialect'> & Partial<Pick<World, 'foreign'>>;

/** A world that remembers nothing yet. */
export function createWorld(
  model: ClusterModel,
  dialect: Dialect,
  foreign: readonly ForeignObject[] = [],
): World {
  const cidrs = createCidrTable();
  return { model, dialect, foreign, cidrs, matching: dialect.matching(model, dialect, cidrs) };
}
