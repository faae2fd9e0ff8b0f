import type { PodName } from './fleet.ts';
import type { Bench } from './round.ts';

/** An open connection on which a pod sends ten times a second. */
export type Held = {
  /** Whether data sent from now on is still answered. */
  readonly goesOn: () => Promise<boolean>;
  readonly end: () => Promise<void>;
};

/** Opens a connection from inside a pod and waits for a reply. */
export async function hold(
  { shells, cell }: Bench,
  from: PodName,
  to: PodName,
  protocol: 'tcp' | 'udp',
  port: number,
): Promise<Held> {
  const { namespace, name } = cell.pod(from);
  const file = `/tmp/held-${protocol}-${port}`;
  // A separate shell, because waiting here must not block the attempts from this pod.
  const { run } = shells.in({ namespace, name }, file);
  const count = (word: string) => `$(grep -c ${word} ${file})`;
  const started = await run(
    `: >${file}; netcat hold ${protocol} ${cell.ip(to)}:${port} 100ms >${file} 2>&1 & echo $! >${file}.pid;
     n=0; while [ ${count('alive')} -lt 3 ] && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done; echo $n`,
  );
  if (Number(started[0]) >= 100)
    throw new Error(`${from} could not hold a connection to ${to} ${port}/${protocol}`);
  return {
    // An echo in flight was requested before; only the next ones count.
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
