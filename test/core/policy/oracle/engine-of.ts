import { type ClusterModel, createClusterModel } from '../../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { assume } from '../../../../src/core/policy/enforcers/assume.ts';
import { withCiliumConfig } from '../../../../src/core/policy/enforcers/cilium.ts';
import { dialectOf, parseEnforcer } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { manifestEvents } from '../../../../src/core/policy/kinds/read-manifests.ts';
import type { Dialect } from '../../../../src/core/policy/match/dialect.ts';
import type { RandomWorld } from './worlds.ts';

/** The dialect of a random world. */
export function dialectFor({ enforcer, settings, assumed }: RandomWorld): Dialect {
  const { name, version } = parseEnforcer(enforcer);
  return assumed.reduce(assume, withCiliumConfig(dialectOf(name, version), settings));
}

/** The product's engine over a random world. */
export function engineOf(world: RandomWorld): { readonly model: ClusterModel; readonly engine: Engine } {
  const model = createClusterModel();
  for (const event of manifestEvents(world.documents)) model.apply(event);
  return { model, engine: createEngine(model, dialectFor(world)) };
}
