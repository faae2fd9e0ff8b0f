/** What the probe can observe, and no more. */
export type Observation =
  | 'syn-retransmitted'
  | 'syn-unanswered'
  | 'connection'
  | 'connection-accepted'
  | 'datagram-socket'
  | 'listening'
  | 'connect-open'
  | 'connect-refused'
  | 'connect-timeout'
  | 'connect-dns-failure'
  | 'connect-unknown';

/** `certain`: it is so. `likely`: other causes are rare and named. `weak`: says little about policies. */
export type Trust = { readonly level: 'certain' | 'likely' | 'weak'; readonly text: string };

/** How far each observation can be trusted, in words for the screen (facts/traffic.md §4.2, §4.3). */
export const TRUST: Readonly<Record<Observation, Trust>> = {
  'syn-retransmitted': {
    level: 'likely',
    text: 'The first packet was sent again without an answer: dropped on the way, or nobody has that address.',
  },
  'syn-unanswered': {
    level: 'likely',
    text: 'No answer to the first packet for 400 ms: dropped, or a peer that is very far away.',
  },
  connection: { level: 'certain', text: 'A connection was made: the path was open then.' },
  'connection-accepted': {
    level: 'likely',
    text: 'A connection on a port that the pod serves: taken as one that the peer opened.',
  },
  'datagram-socket': {
    level: 'weak',
    text: 'A UDP socket is tied to this peer; whether datagrams arrive, a socket table does not tell.',
  },
  listening: { level: 'certain', text: 'A socket listens on the port.' },
  'connect-open': { level: 'certain', text: 'A connection could be made now.' },
  'connect-refused': {
    level: 'likely',
    text: 'The attempt was answered with a refusal: nothing listens, or an enforcer that rejects.',
  },
  'connect-timeout': { level: 'likely', text: 'No answer within 3 s: dropped on the way.' },
  'connect-dns-failure': {
    level: 'certain',
    text: 'The name could not be resolved; nothing was tried beyond that.',
  },
  'connect-unknown': { level: 'weak', text: 'No tool in the container could tell.' },
};

/** What sockets can never show, for the help of a probed cluster. */
export const BLIND_SPOTS: readonly string[] = [
  'attempts that were refused',
  'attempts shorter than the time between two looks',
  'datagrams',
  'pods where nothing can read a file, and pods on the network of their node',
];
