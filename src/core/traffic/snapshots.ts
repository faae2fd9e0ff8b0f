import type { Attempt } from './attempt.ts';
import type { AttemptState } from './attempt-state.ts';

/** The attempt as others see it; the same object until it changes. */
export function attemptOf(state: AttemptState): Attempt {
  state.snapshot ??= snapshot(state);
  return state.snapshot;
}

function snapshot(state: AttemptState): Attempt {
  const { key, rowKey, verdict, first, last, turned, tries, protocol, source, destination, seen, nodes } =
    state;
  const { dropReason, dropDirection, allowedBy, deniedBy, l7 } = state;
  return {
    key,
    rowKey,
    verdict,
    first,
    last,
    turned,
    tries,
    protocol,
    source,
    destination,
    dropReason,
    dropDirection,
    allowedBy,
    deniedBy,
    l7,
    seen,
    nodes,
  };
}
