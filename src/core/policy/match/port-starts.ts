import type { Pod, Protocol } from '../../cluster/cluster.ts';
import { ALL_PORTS, type PortMatch, type Rule } from '../model/model.ts';
import type { World } from './api-matching.ts';

/**
 * The first port of every piece that rules may treat differently from the previous one, ascending from 1. `destination`
 * is the pod on which port names are resolved, where the destination is one.
 */
export function portStarts(
  { matching }: Pick<World, 'matching'>,
  rules: Iterable<Rule>,
  protocol: Protocol,
  destination: Pod | undefined,
): readonly number[] {
  const [lowest, highest] = ALL_PORTS;
  const starts = new Set([lowest]);
  const cut = (from: number, to: number) => starts.add(from).add(to + 1);
  const cutAt = (port: PortMatch) => {
    if (port.protocol !== protocol || port.type === 'all') return;
    if (port.type === 'range') {
      cut(port.from, port.to);
      if (port.byEndPort === true) cut(port.from, port.from);
    } else {
      // Not every enforcer reads the end of a range that begins with a name.
      const cutFrom = (first: number) => {
        cut(first, first);
        cut(first, Math.max(first, port.to ?? first));
      };
      const number = matching.clusterPort(port.name, protocol);
      if (typeof number === 'number') cutFrom(number);
      for (const item of destination?.ports ?? []) cutFrom(item.port);
    }
  };
  for (const { ports } of rules) if (ports !== 'any') ports.forEach(cutAt);
  return [...starts].filter((port) => port >= lowest && port <= highest).sort((a, b) => a - b);
}
