/* The embedded API server: HTTP, authorization, admission and watches, with the same responses as Kubernetes. */

export { allows, type RequestAttributes, type Rule, responderRules, type User } from './access.ts';
export type { Admission } from './call.ts';
export { pathOf } from './identify.ts';
export { RESOURCES, resourceOfKind, storeName } from './resources.ts';
export type { Gate } from './serve.ts';
export { type ApiServer, startApiServer } from './server.ts';
export { createTunnels } from './tunnel.ts';
