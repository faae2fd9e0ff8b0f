import { useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import type { StoreApi } from 'zustand/vanilla';
import type { SessionState } from '../../src/session/session.ts';
import { type Layout, layoutOf, type Size } from '../layout/layout.ts';
import { grantLinesOf } from '../panes/panes.ts';
import { columnsOf } from '../text/text.ts';

/**
 * The layout for the current state. Panes grow with the longest names seen and do not shrink until the namespace or the
 * terminal changes, so that nothing jumps.
 */
export function useLayout(store: StoreApi<SessionState>, size: Size): Layout {
  const focus = useStore(store, (state) => state.focus);
  const zoomed = useStore(store, (state) => state.zoomed);
  const grantLines = useStore(store, grantLinesOf);
  const namespace = useStore(store, (state) => state.cluster.namespace);
  const longest = useRef(startOf(size, namespace));
  if (longest.current.size !== size || longest.current.namespace !== namespace) {
    longest.current = startOf(size, namespace);
  }
  const known = longest.current;
  const pods = useStore(store, (state) => (known.pods = listedColumns(state, known)));
  const policies = useStore(store, (state) => (known.policies = policyColumns(state, known)));
  return useMemo(
    () => layoutOf(size, { focus, zoomed, grantLines, wanted: { pods, policies, lint: LINT } }),
    [size, focus, zoomed, grantLines, pods, policies],
  );
}

/** Border, cursor, margin, and the columns beside the names that are always shown, with their gaps. */
const POD_REST = 5 + 6 + 6;
// Kinds in short, and `mixed` in IN and OUT.
const WORKLOAD_REST = POD_REST + 8 + 2;
const POLICY_REST = 5 + 5 + 6;

/** The column for what is wrong with a policy, and its gap. */
const LINT = 6;

/** The widest so far. `measured` are lists and rows: most rows of a list are those of the list before. */
type Longest = {
  readonly size: Size;
  readonly namespace: string | undefined;
  pods: number;
  policies: number;
  readonly measured: WeakSet<object>;
};

function startOf(size: Size, namespace: string | undefined): Longest {
  return { size, namespace, pods: 0, policies: 0, measured: new WeakSet() };
}

/** What the first pane lists; Services have room where pods have. */
function listedColumns({ listed, pods, workloads }: SessionState, known: Longest): number {
  return listed === 'workloads'
    ? widest(known, known.pods, WORKLOAD_REST, workloads, ({ workload }) => workload)
    : widest(known, known.pods, POD_REST, pods, ({ pod }) => pod);
}

function policyColumns({ policies }: SessionState, known: Longest): number {
  return widest(known, known.policies, POLICY_REST, policies, ({ policy }) => policy);
}

type Named = { readonly namespace?: string | undefined; readonly name: string };

function widest<Row extends object>(
  { measured, namespace }: Longest,
  most: number,
  rest: number,
  rows: readonly Row[],
  namedBy: (row: Row) => Named,
): number {
  if (measured.has(rows)) return most;
  measured.add(rows);
  let width = most;
  for (const row of rows) {
    if (measured.has(row)) continue;
    measured.add(row);
    const { namespace: home = '(cluster)', name } = namedBy(row);
    width = Math.max(width, rest + columnsOf(namespace === undefined ? `${home}  ${name}` : name));
  }
  return width;
}
