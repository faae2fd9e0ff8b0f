import { manifestEvents } from '../../../../src/core/cluster/manifests.ts';
import { type ClusterModel, createClusterModel } from '../../../../src/core/cluster/model.ts';
import { type Dialect, dialectOf } from '../../../../src/core/policy/dialect.ts';
import { withCiliumConfig } from '../../../../src/core/policy/enforcers/cilium-settings.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/engine.ts';
import type { RandomWorld } from './worlds.ts';

/** The dialect of a random world. */
export function dialectFor({ enforcer, settings }: RandomWorld): Dialect {
  return withCiliumConfig(dialectOf(enforcer), settings);
}

/** The product's engine over a random world. */
export function engineOf(world: RandomWorld): { readonly model: ClusterModel; readonly engine: Engine } {
  const model = createClusterModel();
  for (const event of manifestEvents(world.documents)) model.apply(event);
  return { model, engine: createEngine(model, dialectFor(world)) };
}
