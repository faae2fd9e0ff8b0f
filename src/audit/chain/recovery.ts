import type { Head } from '../store/head.ts';
import type { Tail } from '../store/tail.ts';

/**
 * Where the chain goes on, and what to say of how the log was found. Where the checkpoint knows of records that are
 * not there, the chain goes on from the checkpoint, so that the gap stays for every later check to see.
 */
export function continueFrom(
  tail: Tail,
  head: Head | 'missing' | 'broken',
  aside: string | undefined,
): { readonly seq: number; readonly hash: string; readonly repairs: readonly string[] } {
  const repairs = aside === undefined ? [] : [`the end of the log was no record and is kept in ${aside}`];
  if (head === 'missing' || head === 'broken') {
    return {
      ...endOf(tail),
      repairs: [...repairs, `the checkpoint was ${head === 'missing' ? 'missing' : 'unreadable'}`],
    };
  }
  if (head.seq > tail.seq) {
    return {
      ...endOf(head),
      repairs: [...repairs, `${records(tail.seq + 1, head.seq)} missing at the end of the log`],
    };
  }
  if (head.seq === tail.seq && head.hash !== tail.hash) {
    return { ...endOf(head), repairs: [...repairs, `record ${tail.seq} was not the one that was written`] };
  }
  // One record more than the checkpoint: its writer was killed between the two.
  if (tail.seq > head.seq + 1) {
    repairs.push(`${records(head.seq + 2, tail.seq)} written without a checkpoint`);
  }
  return { ...endOf(tail), repairs };
}

function endOf({ seq, hash }: { readonly seq: number; readonly hash: string }) {
  return { seq, hash };
}

function records(first: number, last: number): string {
  return first === last ? `record ${first} was` : `records ${first} to ${last} were`;
}
