/* Without Hubble: sockets of pods read through kubectl exec, and connects tried from inside them. */

export { createConnectionCount, createConnectProbe } from './connect-test.ts';
export { createSocketSource } from './socket-source.ts';
export { serviceResolver } from './target.ts';
