import type { Pod } from '../../cluster/cluster.ts';
import type { Side } from '../match/match.ts';
import type { Direction, Rule } from '../model/model.ts';
import type { Ask, Twin } from './comparison.ts';
import { addressesEnd, type EndGroup } from './end-groups.ts';
import { podSide } from './groups.ts';
import { type AddressPiece, blocksOf, outsidePieces } from './outside.ts';
import { appliedOf, type PortEvaluator } from './port-evaluator.ts';
import type { Turned } from './port-function.ts';
import { push } from './push.ts';

/**
 * Nodes have no half of their own; a pod's own node is treated separately from the others. A node that a pod has left is
 * not compared for that pod: it was its own in one world only.
 */
export function compareWithNodes<Change extends Turned>(
  ask: Ask<Change>,
  { was, is }: Twin,
  direction: Direction,
): void {
  const others = new Map<readonly Change[], string[]>();
  const own = new Map<readonly Change[], Pod[]>();
  const places = Array.from(is.pods.keys());
  const isOn = (at: number, name: string) =>
    [was.pods[at]?.node, is.pods[at]?.node].map((node) => node === name);
  const tenants = Map.groupBy(places, (at) =>
    was.pods[at]?.node === is.pods[at]?.node ? is.pods[at]?.node : undefined,
  );
  const side = direction === 'ingress' ? 'from' : 'to';
  const left = Map.groupBy(
    places.filter((at) => was.pods[at]?.node !== is.pods[at]?.node),
    (at) => was.pods[at]?.node,
  );
  for (const { name, ...node } of ask.nodes) {
    const stranger = places.find((at) => !isOn(at, name).includes(true));
    if (stranger !== undefined) {
      const ends = { was: node.was, is: node.is };
      const changes = changesTo(ask, [was.pods[stranger], is.pods[stranger]], ends, direction);
      const movers = left.get(name);
      if (movers === undefined) put(others, changes, name);
      else if (changes.length > 0) {
        const pods = is.pods.filter((_, at) => !movers.includes(at));
        ask.collector.addNodes(pods, side, [name], changes);
      }
    }
    const here = tenants.get(name) ?? [];
    const [tenant] = here;
    if (tenant === undefined) continue;
    const ends = { was: { side: node.was.side }, is: { side: node.is.side } };
    const changes = changesTo(ask, [was.pods[tenant], is.pods[tenant]], ends, direction);
    for (const at of here) {
      const pod = is.pods[at];
      if (pod !== undefined) put(own, changes, pod);
    }
  }
  for (const [changes, names] of others) ask.collector.addNodes(is.pods, side, names, changes);
  for (const [changes, pods] of own) addEnd(ask, pods, { type: 'own-node' }, changes, direction);
}

/** External addresses, split at the boundaries used by the pods' rules in either world. */
export function compareWithOutside<Change extends Turned>(
  ask: Ask<Change>,
  { was, is }: Twin,
  direction: Direction,
): void {
  const { before, after } = ask;
  const [[podBefore], [pod]] = [was.pods, is.pods];
  if (podBefore === undefined || pod === undefined) return;
  const blocks = [
    ...blocksOf(before.model, rulesOn(before.evaluator, podBefore, direction)),
    ...blocksOf(after.model, rulesOn(after.evaluator, pod, direction)),
  ];
  const pieces = outsidePieces(after.model, [podBefore, pod], blocks);
  const found = endsOutside(pieces, ({ side }) =>
    changesTo(ask, [podBefore, pod], { was: { side }, is: { side } }, direction),
  );
  for (const { end, changes } of found) addEnd(ask, is.pods, end, changes, direction);
}

/** Pieces of the outside as ends, grouped by equal changes; those without changes are left out. */
export function endsOutside<Change>(
  pieces: readonly AddressPiece[],
  changesTo: (piece: AddressPiece) => readonly Change[],
): readonly { readonly end: EndGroup; readonly changes: readonly Change[] }[] {
  const found = new Map<readonly Change[], AddressPiece[]>();
  for (const piece of pieces) put(found, changesTo(piece), piece);
  return Array.from(found, ([changes, list]) => ({
    end: addressesEnd(list, list.length === pieces.length),
    changes,
  }));
}

type Asked = { readonly side: Side; readonly index?: number };

function changesTo<Change extends Turned>(
  { before, after, adopt, changesOf }: Ask<Change>,
  [was, is]: readonly [Pod | undefined, Pod | undefined],
  ends: { readonly was: Asked; readonly is: Asked },
  direction: Direction,
): readonly Change[] {
  if (was === undefined || is === undefined) return [];
  return changesOf(
    adopt(before.evaluator.half(direction, podSide(was), ends.was.side, ends.was.index)),
    after.evaluator.half(direction, podSide(is), ends.is.side, ends.is.index),
  );
}

function addEnd<Change extends Turned>(
  { collector }: Ask<Change>,
  pods: readonly Pod[],
  end: EndGroup,
  changes: readonly Change[],
  direction: Direction,
): void {
  collector.addBeyond(pods, direction === 'ingress' ? { from: end } : { to: end }, changes);
}

/** The rules on a pod in one direction. */
export function rulesOn(evaluator: PortEvaluator, pod: Pod, direction: Direction): readonly Rule[] {
  return appliedOf(evaluator.stackFor(pod)).flatMap(({ reading }) => reading[direction]);
}

function put<Change, T>(map: Map<readonly Change[], T[]>, changes: readonly Change[], item: T): void {
  if (changes.length > 0) push(map, changes, item);
}
