import { PROTOCOLS, type Protocol } from '../../cluster/cluster.ts';
import {
  ALL_PORTS,
  appendRange,
  byProtocol,
  type Connections,
  type Decision,
  either as eitherSet,
  isNothing,
  NOTHING,
  type PortRange,
} from '../model/model.ts';

/** Ports from `from` to `to`, inclusive, with one decision. */
export type Piece = readonly [from: number, to: number, decision: Decision];

/**
 * The decision for every port of every protocol; pieces are ascending, adjacent, and different from their neighbors.
 * Equal functions are one object, so that `===` compares them.
 */
export type PortFunction = { readonly id: number } & Readonly<Record<Protocol, readonly Piece[]>>;

/** Creates, combines, and compares port functions, each result once. */
export type PortAlgebra = {
  readonly make: (pieces: Readonly<Record<Protocol, readonly Piece[]>>) => PortFunction;
  readonly constant: (decision: Decision) => PortFunction;
  /** Both halves: the stricter decision for each port. */
  readonly both: (a: PortFunction, b: PortFunction) => PortFunction;
  /** Either of two, unknown which: undecidable where they differ. */
  readonly either: (a: PortFunction, b: PortFunction) => PortFunction;
  /** The function with each decision mapped. */
  readonly mapped: (a: PortFunction, change: (decision: Decision) => Decision) => PortFunction;
  /** Where two functions differ, by old and new decision. */
  readonly changes: (was: PortFunction, is: PortFunction) => readonly PortChange[];
  /** The same by new decision only; equal results are one list. */
  readonly outcomes: (was: PortFunction, is: PortFunction) => readonly Turned[];
};

/** Ports whose decision changes, and the new decision. */
export type Turned = { readonly is: Decision; readonly ports: Connections };

/** Ports whose decision changes in the same way. */
export type PortChange = Turned & { readonly was: Decision };

const DECISIONS: readonly Decision[] = ['allow', 'deny', 'undecidable'];

const STRICTNESS: Readonly<Record<Decision, number>> = { deny: 0, undecidable: 1, allow: 2 };

/** A separate algebra: functions of two algebras can't be mixed. */
export function createPortAlgebra(): PortAlgebra {
  const known = new Map<string, PortFunction>();
  const joined = new Map<number, Map<number, PortFunction>>();
  const compared = new Map<number, Map<number, readonly PortChange[]>>();
  const outcomesOf = new Map<readonly PortChange[], readonly Turned[]>();
  const outcomesByText = new Map<string, readonly Turned[]>();

  function make(pieces: Readonly<Record<Protocol, readonly Piece[]>>): PortFunction {
    const TCP = merged(pieces.TCP);
    const UDP = merged(pieces.UDP);
    const SCTP = merged(pieces.SCTP);
    const key = `${TCP.join()}|${UDP.join()}|${SCTP.join()}`;
    const made = known.get(key) ?? { id: known.size, TCP, UDP, SCTP };
    known.set(key, made);
    return made;
  }

  function constant(decision: Decision): PortFunction {
    const whole: readonly Piece[] = [[...ALL_PORTS, decision]];
    return make({ TCP: whole, UDP: whole, SCTP: whole });
  }

  function both(a: PortFunction, b: PortFunction): PortFunction {
    if (a === b) return a;
    return memo(joined, a, b, () => {
      const join = (protocol: Protocol) =>
        overlay(a[protocol], b[protocol]).map(
          ({ from, to, x, y }): Piece => [from, to, STRICTNESS[x] <= STRICTNESS[y] ? x : y],
        );
      return make({ TCP: join('TCP'), UDP: join('UDP'), SCTP: join('SCTP') });
    });
  }

  function either(a: PortFunction, b: PortFunction): PortFunction {
    if (a === b) return a;
    const join = (protocol: Protocol) =>
      overlay(a[protocol], b[protocol]).map(
        ({ from, to, x, y }): Piece => [from, to, x === y ? x : 'undecidable'],
      );
    return make({ TCP: join('TCP'), UDP: join('UDP'), SCTP: join('SCTP') });
  }

  function mapped(a: PortFunction, change: (decision: Decision) => Decision): PortFunction {
    const turn = (protocol: Protocol) =>
      a[protocol].map(([from, to, decision]): Piece => [from, to, change(decision)]);
    return make({ TCP: turn('TCP'), UDP: turn('UDP'), SCTP: turn('SCTP') });
  }

  function changes(was: PortFunction, is: PortFunction): readonly PortChange[] {
    return was === is ? NO_CHANGE : memo(compared, was, is, () => changesOf(was, is));
  }

  function outcomes(was: PortFunction, is: PortFunction): readonly Turned[] {
    const found = changes(was, is);
    const known = outcomesOf.get(found);
    if (known !== undefined) return known;
    const made = DECISIONS.map((decision): Turned => ({ is: decision, ports: turnedTo(found, decision) }));
    const some = made.filter(({ ports }) => !isNothing(ports));
    const text = JSON.stringify(some);
    const same = outcomesByText.get(text) ?? some;
    outcomesByText.set(text, same);
    outcomesOf.set(found, same);
    return same;
  }

  return { make, constant, both, either, mapped, changes, outcomes };
}

const NO_CHANGE: readonly PortChange[] = [];

function memo<T>(
  table: Map<number, Map<number, T>>,
  { id: first }: PortFunction,
  { id: second }: PortFunction,
  make: () => T,
): T {
  const row = table.get(first) ?? new Map<number, T>();
  table.set(first, row);
  const value = row.get(second) ?? make();
  row.set(second, value);
  return value;
}

type Overlap = { readonly from: number; readonly to: number; readonly x: Decision; readonly y: Decision };

function overlay(a: readonly Piece[], b: readonly Piece[]): readonly Overlap[] {
  const parts: Overlap[] = [];
  let j = 0;
  for (const [from, to, x] of a) {
    for (; j < b.length; j += 1) {
      const piece = b[j];
      if (piece === undefined || piece[0] > to) break;
      parts.push({ from: Math.max(from, piece[0]), to: Math.min(to, piece[1]), x, y: piece[2] });
      if (piece[1] > to) break;
    }
  }
  return parts;
}

function changesOf(was: PortFunction, is: PortFunction): readonly PortChange[] {
  const turns = new Map<string, { was: Decision; is: Decision; ports: Record<Protocol, PortRange[]> }>();
  for (const protocol of PROTOCOLS) {
    for (const { from, to, x, y } of overlay(was[protocol], is[protocol])) {
      if (x === y) continue;
      const turn = turns.get(`${x} ${y}`) ?? { was: x, is: y, ports: { TCP: [], UDP: [], SCTP: [] } };
      turns.set(`${x} ${y}`, turn);
      appendRange(turn.ports[protocol], [from, to]);
    }
  }
  return [...turns.values()];
}

/** The ports with a given decision. */
export function portsOf(ports: PortFunction, decision: Decision): Connections {
  return byProtocol((protocol) => {
    const ranges: PortRange[] = [];
    for (const [from, to, found] of ports[protocol]) if (found === decision) appendRange(ranges, [from, to]);
    return ranges;
  });
}

/** The ports that change to a decision, from any other. */
export function turnedTo(changes: readonly Turned[], decision: Decision): Connections {
  return changes
    .filter(({ is }) => is === decision)
    .map(({ ports }) => ports)
    .reduce(eitherSet, NOTHING);
}

function merged(pieces: readonly Piece[]): readonly Piece[] {
  const list: Piece[] = [];
  for (const piece of pieces) {
    const last = list[list.length - 1];
    if (last !== undefined && last[2] === piece[2]) list[list.length - 1] = [last[0], piece[1], last[2]];
    else list.push(piece);
  }
  return list;
}
