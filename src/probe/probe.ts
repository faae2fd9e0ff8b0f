/* Without Hubble: sockets of pods, read through exec, and connect tests from inside them. */

export { createConnectionCount, createConnectProbe } from './connect-test.ts';
export { createSocketSource } from './socket-source.ts';
export { serviceResolver } from './target.ts';
