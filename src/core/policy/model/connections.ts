import { PROTOCOLS, type Protocol } from '../../cluster/objects.ts';

/** Ports from `from` to `to`, inclusive. */
export type PortRange = readonly [from: number, to: number];

/** The ports that are open between two ends, by protocol; ranges are sorted and apart. */
export type Connections = Readonly<Record<Protocol, readonly PortRange[]>>;

export const LAST_PORT = 65_535;

/** Whether every port of every protocol is in. */
export function isEverything(connections: Connections): boolean {
  return PROTOCOLS.every((protocol) => {
    const [only, ...rest] = connections[protocol];
    return rest.length === 0 && only?.[0] === 1 && only[1] === LAST_PORT;
  });
}
