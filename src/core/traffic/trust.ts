import type { Attempt } from './attempt.ts';

/** `certain`: it is so. `likely`: other causes are rare and named. `weak`: says little about policies. */
export type Trust = { readonly level: 'certain' | 'likely' | 'weak'; readonly text: string };

/**
 * How far an attempt that the sockets of a pod show can be trusted, in words for the screen (PROBE-1, PROBE-4);
 * undefined for flows, which are the datapath's own word.
 */
export function trustOf({ seen, protocol, verdict, tries }: Attempt): Trust | undefined {
  if (seen !== 'socket') return undefined;
  if (protocol === 'UDP') {
    return {
      level: 'weak',
      text: 'A UDP socket is tied to this peer; whether datagrams arrive, a socket table does not tell.',
    };
  }
  if (verdict === 'allow')
    return { level: 'certain', text: 'A connection was made: the path was open then.' };
  return tries > 1
    ? {
        level: 'likely',
        text: 'The first packet was sent again without an answer: dropped on the way, or nobody has that address.',
      }
    : {
        level: 'likely',
        text: 'No answer to the first packet for 400 ms: dropped, or a peer that is very far away.',
      };
}

/** What the sockets of pods can never show. */
export const BLIND_SPOTS: readonly string[] = [
  'attempts that were refused',
  'attempts shorter than the time between two looks',
  'datagrams',
  'pods where nothing can read a file, and pods on the network of their node',
];
