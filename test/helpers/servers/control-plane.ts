import { spawn } from 'node:child_process';
import { open, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually } from '../eventually.ts';

type Part = 'kube-apiserver' | 'kube-controller-manager' | 'etcd';

/** The servers of a control plane on this machine, which may be killed and paused at will. */
export type ControlPlane = {
  /** Kills a server; the result starts it again as it was. */
  readonly kill: (part: Part) => Promise<() => Promise<void>>;
  /** Stops a server where it is; the result lets it go on. */
  readonly pause: (part: Part) => Promise<() => void>;
};

/**
 * The control plane whose admin kubeconfig this is, if the pids of its servers are beside it and it has no node: what runs
 * on a node is not to be disturbed.
 */
export async function findControlPlane(kubeconfig: string): Promise<ControlPlane | undefined> {
  const folder = dirname(kubeconfig);
  const file = (part: string) => join(folder, 'pids', part);
  const read = async (part: string) => Number((await readFile(file(part), 'utf8')).split(' ')[0]);
  const exists = (part: string) =>
    read(part).then(
      () => true,
      () => false,
    );
  if (!(await exists('kube-controller-manager')) || (await exists('kubelet'))) {
    console.warn('\n*** SKIPPED: no control plane without nodes whose servers may be killed ***\n');
    return undefined;
  }
  return {
    kill: async (part) => {
      const pid = await read(part);
      const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8'))
        .split('\0')
        .slice(0, -1);
      const cwd = await readlink(`/proc/${pid}/cwd`);
      process.kill(pid, 'SIGKILL');
      await eventually(async () => {
        if ((await startOf(pid)) !== undefined) throw new Error(`${part} lives`);
      });
      return async () => {
        const log = await open(join(folder, 'logs', `${part}.log`), 'a');
        const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', log.fd, log.fd] });
        child.unref();
        await log.close();
        await writeFile(file(part), `${child.pid} ${await startOf(child.pid ?? 0)}\n`);
      };
    },
    pause: async (part) => {
      const pid = await read(part);
      process.kill(pid, 'SIGSTOP');
      return () => process.kill(pid, 'SIGCONT');
    },
  };
}

/** When a process started, in ticks since the boot, which with its pid names it for ever; undefined if it is over. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}
