/** Work in the background, in pieces so short that keys and frames do not wait for it. */
export type Slices = { readonly go: () => void; readonly stop: () => void };

/** The longest piece, ms. */
const SLICE = 8;

/** Rest between pieces, ms: what is urgent gets a third of the time, the rest less than a tenth. */
const REST = { soon: 16, later: 120 } as const;

/**
 * Runs `step` while it says that there is more to do. It is told when its time is over; `later` means that nobody waits
 * for the rest.
 */
export function createSlices(
  monotonic: () => number,
  step: (isOver: () => boolean) => 'nothing' | 'later' | 'soon',
): Slices {
  let timer: NodeJS.Timeout | undefined;
  const run = () => {
    const until = monotonic() + SLICE;
    const left = step(() => monotonic() >= until);
    timer = left === 'nothing' ? undefined : setTimeout(run, REST[left]);
  };
  return {
    go: () => {
      timer ??= setTimeout(run, 0);
    },
    stop: () => clearTimeout(timer),
  };
}
