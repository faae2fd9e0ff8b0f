import type { EndRef, PortSpec } from '../../../src/core/cluster/objects.ts';
import { readPorts } from '../../../src/core/grants/names.ts';
import { type Cell, ODD_PODS, PODS, type PodName } from './fleet.ts';

/** The host outside the cluster by its two addresses, and the node by the address in its object. */
export const OUTSIDE = '198.51.100.7';
export const OUTSIDE_TOO = '198.51.100.130';
export const NODE = '172.31.255.1';

/** An end by a short name: a pod, `x/svc/web`, or an address. */
export type EndName =
  | PodName
  | `${'x' | 'y' | 'z'}/svc/${string}`
  | typeof OUTSIDE
  | typeof OUTSIDE_TOO
  | typeof NODE;

/** One connection to try. */
export type Path = { readonly from: EndName; readonly to: EndName; readonly port: PortSpec };

/** Every source with every destination and port, `8080/tcp`, except to itself. */
export function every(
  from: readonly EndName[],
  to: readonly EndName[],
  ports: readonly string[],
): readonly Path[] {
  return from.flatMap((source) =>
    to.flatMap((target) =>
      source === target ? [] : readPorts(ports.join()).map((port) => ({ from: source, to: target, port })),
    ),
  );
}

/** `x/a → y/b :80/tcp`. */
export function pathText({ from, to, port }: Path): string {
  return `${from} → ${to} :${port.port}/${port.protocol.toLowerCase()}`;
}

/** Whether both ends of a path are in the cluster, so that it can be tried without access to its node. */
export function isInside({ from, to }: Path): boolean {
  return [from, to].every((name) => name !== NODE && name !== OUTSIDE && name !== OUTSIDE_TOO);
}

/** Whether a short name is that of a pod. */
export function isPod(name: EndName): name is PodName {
  return [...PODS, ...ODD_PODS].some((pod) => pod === name);
}

/** The end in the syntax of `sluice explain`. */
export function refOf(cell: Cell, name: EndName): EndRef {
  if (name === OUTSIDE || name === OUTSIDE_TOO || name === NODE) return { type: 'ip', ip: name };
  const [short = '', second = '', third] = name.split('/');
  const namespace = cell.namespace(short);
  return third === undefined
    ? { type: 'pod', namespace, name: second }
    : { type: 'service', namespace, name: third };
}
