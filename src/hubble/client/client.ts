/* Flows from Hubble: connecting, reconnecting, mapping, replaying recordings. */

export type { HubbleTls } from './credentials.ts';
export type { JsonResponse } from './json-flow.ts';
export { createReplaySource } from './replay.ts';
export { createHubbleSource, type HubbleOptions } from './source.ts';
