/* Without Hubble: sockets of pods, read through exec, and connect tests from inside them. */

export { createConnectProbe } from './connect-test.ts';
export { createConnectionTable } from './connection-table.ts';
export { createSocketSource } from './socket-source.ts';
export { serviceResolver } from './target.ts';
