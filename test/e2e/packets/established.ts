import type { PodName } from './fleet.ts';
import type { Bench } from './round.ts';

/** A connection that a pod holds and talks on, ten times a second. */
export type Held = {
  /** Whether what is said from now on is still answered. */
  readonly goesOn: () => Promise<boolean>;
  readonly end: () => Promise<void>;
};

/** Makes a connection inside a pod and waits until it was answered. */
export async function hold(
  { shells, cell }: Bench,
  from: PodName,
  to: PodName,
  protocol: 'tcp' | 'udp',
  port: number,
): Promise<Held> {
  const { namespace, name } = cell.pod(from);
  const file = `/tmp/held-${protocol}-${port}`;
  // A shell of its own: waiting here must not hold up the attempts from this pod.
  const { run } = shells.in({ namespace, name }, file);
  const count = (word: string) => `$(grep -c ${word} ${file})`;
  const started = await run(
    `: >${file}; netcat hold ${protocol} ${cell.ip(to)}:${port} 100ms >${file} 2>&1 & echo $! >${file}.pid;
     n=0; while [ ${count('alive')} -lt 3 ] && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done; echo $n`,
  );
  if (Number(started[0]) >= 100)
    throw new Error(`${from} could not hold a connection to ${to} ${port}/${protocol}`);
  return {
    // The echo that is under way was asked for before: the next ones count.
    goesOn: async () => {
      const [answer] = await run(
        `was=${count('alive')}; mute=${count('silent')}; n=0;
         while [ ${count('alive')} -le $((was+4)) ] && [ ${count('silent')} -le $((mute+1)) ] && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done;
         [ ${count('alive')} -gt $((was+4)) ] && echo yes || echo no`,
      );
      return answer === 'yes';
    },
    end: async () => {
      await run(`kill $(cat ${file}.pid); rm ${file} ${file}.pid`);
    },
  };
}
