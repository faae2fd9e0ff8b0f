import type { AttemptRow } from '../../../core/traffic/attempt.ts';
import type { Concern } from '../cluster/concerns.ts';

/** When the verdict of a row was last put in question: by a change near one of its ends, or of everything. */
export type Epochs = {
  readonly apply: (concern: Concern) => void;
  /** Another number than before once the row must be judged again. */
  readonly of: (row: AttemptRow) => number;
};

/** Epochs by namespace; they only grow, so the sum of two is another one when either is. */
export function createEpochs(): Epochs {
  const namespaces = new Map<string, number>();
  let everywhere = 0;
  const at = (namespace: string | undefined) =>
    namespace === undefined ? 0 : (namespaces.get(namespace) ?? 0);
  return {
    apply: (concern) => {
      if (concern.what === 'everything') everywhere += 1;
      if (concern.what === 'namespace') namespaces.set(concern.name, at(concern.name) + 1);
    },
    of: ({ source, destination }) =>
      everywhere + at(source.namespace) + at(destination.namespace ?? destination.service?.namespace),
  };
}
