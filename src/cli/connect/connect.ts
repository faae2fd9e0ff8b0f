/* Builds a connection from options: cluster, flow source, probe, log. The one place that names adapters. */

export { connectOptions, openConnection, openDemo } from './compose.ts';
export { openHubbleServer, openReplay } from './traffic-source.ts';
export { needPods, withRuntime } from './with-runtime.ts';
export {
  askedDialect,
  dialectFrom,
  type PolicyWorld,
  tellNotes,
  type WorldOptions,
  withWorld,
  worldOf,
} from './world.ts';
