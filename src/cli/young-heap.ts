import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of the young generation together, bytes: as with `--max-semi-space-size=8`. */
const MOST = 16 << 20;

/**
 * Keeps the young generation of the heap from growing to its 128 MB, which a flood of flows or pods would else make
 * it do, for a program that may run all day. Its greatest size is fixed once V8 runs, but its growth is not: after
 * each collection growing is allowed or forbidden by the size that it has. (A flag in the `#!` line would need
 * `env -S`, which not every system has; starting node anew would delay the first paint.)
 */
export function keepYoungHeapSmall(): void {
  let mayGrow = true;
  new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    const may = young === undefined || young.space_size < MOST;
    if (may === mayGrow) return;
    mayGrow = may;
    setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`);
  }).observe({ entryTypes: ['gc'] });
}
