import { useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import type { StoreApi } from 'zustand/vanilla';
import type { PodRow, PolicyRow, SessionState } from '../../src/session/session.ts';
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
  const longest = useRef({ size, namespace, pods: 0, policies: 0 });
  if (longest.current.size !== size || longest.current.namespace !== namespace) {
    longest.current = { size, namespace, pods: 0, policies: 0 };
  }
  const known = longest.current;
  const pods = useStore(
    store,
    (state) => (known.pods = Math.max(known.pods, podColumns(state.pods, namespace))),
  );
  const policies = useStore(
    store,
    (state) => (known.policies = Math.max(known.policies, policyColumns(state.policies, namespace))),
  );
  return useMemo(
    () => layoutOf(size, { focus, zoomed, grantLines, wanted: { pods, policies, lint: LINT } }),
    [size, focus, zoomed, grantLines, pods, policies],
  );
}

/** Border, cursor, margin, and the columns beside the names that are always shown, with their gaps. */
const POD_REST = 5 + 6 + 6;
const POLICY_REST = 5 + 5 + 6;

/** The column for what is wrong with a policy, and its gap. */
const LINT = 6;

const widths = new WeakMap<readonly unknown[], number>();

function podColumns(rows: readonly PodRow[], namespace: string | undefined): number {
  return widest(rows, POD_REST, ({ pod }) =>
    namespace === undefined ? `${pod.namespace}  ${pod.name}` : pod.name,
  );
}

function policyColumns(rows: readonly PolicyRow[], namespace: string | undefined): number {
  return widest(rows, POLICY_REST, ({ policy }) =>
    namespace === undefined ? `${policy.namespace ?? '(cluster)'}  ${policy.name}` : policy.name,
  );
}

/** Once for each list: publications keep a list that did not change. */
function widest<Row>(rows: readonly Row[], rest: number, nameOf: (row: Row) => string): number {
  const known = widths.get(rows);
  if (known !== undefined) return known;
  const width = rows.reduce((most, row) => Math.max(most, columnsOf(nameOf(row))), 0) + rest;
  widths.set(rows, width);
  return width;
}
