import type { Protocol } from '../../src/core/cluster/objects.ts';
import type { Engine } from '../../src/core/policy/decide/engine.ts';
import type { Connections, PortRange } from '../../src/core/policy/model/connections.ts';
import type { End } from '../../src/core/policy/model/verdict.ts';
import { cutsBetween } from '../../src/core/policy/path/cells.ts';

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const LAST_PORT = 65_535;

/**
 * Which ports are open from one end to another; `undecidable` ones count as closed and are told by `unsure`. The
 * ports are cut where any policy on either end could tell two of them apart, and one of each piece is asked.
 */
export function connectionsBetween(
  engine: Engine,
  from: End,
  to: End,
): { readonly open: Connections; readonly unsure: Connections } {
  const cuts = cutsBetween(engine, from, to);
  const open: Record<Protocol, PortRange[]> = { TCP: [], UDP: [], SCTP: [] };
  const unsure: Record<Protocol, PortRange[]> = { TCP: [], UDP: [], SCTP: [] };
  for (const protocol of PROTOCOLS) {
    for (const [index, first] of cuts.entries()) {
      const last = (cuts[index + 1] ?? LAST_PORT + 1) - 1;
      const { verdict } = engine.decide({ from, to, port: first, protocol });
      if (verdict === 'deny') continue;
      const list = verdict === 'allow' ? open[protocol] : unsure[protocol];
      append(list, [first, last]);
    }
  }
  return { open, unsure };
}

function append(list: PortRange[], range: PortRange): void {
  const last = list[list.length - 1];
  if (last !== undefined && last[1] + 1 === range[0]) list[list.length - 1] = [last[0], range[1]];
  else list.push(range);
}
