import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RealCluster } from '../../helpers/real-cluster.ts';

/** A persistent shell in a pod: an exec costs the node more than many attempts. */
export type Shell = {
  /** Runs a script and returns its output lines; scripts of one shell run one after the other. */
  readonly run: (script: string) => Promise<readonly string[]>;
};

/** Shells by pod, opened on first use. `use` distinguishes shells in one pod. */
export type Shells = {
  readonly in: (pod: { readonly namespace: string; readonly name: string }, use?: string) => Shell;
  readonly dispose: () => void;
};

const WITHIN = 60_000;

/** Creates an empty set of shells; `dispose` closes all. */
export function createShells(cluster: RealCluster): Shells {
  const shells = new Map<string, Opened>();
  return {
    in: ({ namespace, name }, use = '') => {
      const key = `${namespace}/${name} ${use}`;
      const known =
        shells.get(key) ?? open(cluster.start('exec', '-i', '-n', namespace, name, '-c', 'main', '--', 'sh'));
      shells.set(key, known);
      return known;
    },
    dispose: () => {
      for (const { child } of shells.values()) child.kill();
    },
  };
}

type Opened = Shell & { readonly child: ChildProcessWithoutNullStreams };

function open(child: ChildProcessWithoutNullStreams): Opened {
  let number = 0;
  let last: Promise<unknown> = Promise.resolve();
  let errors = '';
  let take: (line: string) => void = () => undefined;
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  child.stderr.on('data', (data: Buffer) => {
    errors = `${errors}${data.toString()}`.slice(-2_000);
  });
  child.stdin.on('error', () => undefined);
  child.on('close', () => ended.reject(new Error(`the shell has ended: ${errors}`)));
  createInterface({ input: child.stdout }).on('line', (line) => take(line));

  async function run(script: string): Promise<readonly string[]> {
    number += 1;
    const mark = `-- ${number}`;
    const lines: string[] = [];
    const done = Promise.withResolvers<readonly string[]>();
    take = (line) => {
      if (line === mark) done.resolve(lines);
      else lines.push(line);
    };
    const late = setTimeout(
      () => done.reject(new Error(`no answer in ${WITHIN / 1_000} s: ${errors}`)),
      WITHIN,
    );
    try {
      child.stdin.write(`${script}\necho "${mark}"\n`);
      return await Promise.race([done.promise, ended.promise]);
    } finally {
      clearTimeout(late);
    }
  }

  return {
    child,
    run: (script) => {
      const next = last.then(() => run(script));
      last = next.catch(() => undefined);
      return next;
    },
  };
}
