import { type Protocol, parseCidr } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';
import type { Engine } from '../decide/decide.ts';
import type { End, PortRange } from '../model/model.ts';
import { createAtoms } from './atoms.ts';
import { type Cell, judgeCells } from './cells.ts';
import type { Member } from './members.ts';

/**
 * The verdicts between some ends on some ports, of all pairs of different pods: pairs that policies can't tell apart
 * are judged once, so that workloads of thousands of pods cost no more than their kinds do.
 */
export function judgeEnds(
  engine: Engine,
  from: readonly End[],
  to: readonly End[],
  ports: readonly { readonly port: number; readonly protocol: Protocol }[],
): readonly Cell[] {
  const sources = from.map((end) => memberOf(engine, end));
  const targets = to.map((end) => memberOf(engine, end));
  const pods = [...sources, ...targets].flatMap((member) => (member.type === 'pod' ? [member.pod] : []));
  const atoms = createAtoms(engine, [...new Set(pods)]);
  const groups = atoms.of(
    sources.map((member) => ({ member, ports: [] })),
    targets,
  );
  return [...Map.groupBy(ports, ({ protocol }) => protocol)].flatMap(([protocol, list]) => {
    const ranges = list.map(({ port }): PortRange => [port, port]);
    const destinations = atoms.of(
      targets.map((member) => ({ member, ports: ranges })),
      sources,
    );
    return judgeCells(engine, { sources: groups, targets: destinations, protocol, viaService: false }).cells;
  });
}

function memberOf({ model }: Engine, end: End): Member {
  if (end.type === 'pod') return end.ip === undefined ? { type: 'pod', pod: end.pod } : { ...end };
  const node = model.nodeAt(end.ip);
  if (node !== undefined) return { type: 'node', node, ip: end.ip };
  const range = parseCidr(`${end.ip}/${end.ip.includes(':') ? 128 : 32}`);
  if (range === undefined)
    throw new SluiceError('usage', `"${end.ip}" is no IP address.`, 'Write it in full.');
  return { type: 'range', range };
}
