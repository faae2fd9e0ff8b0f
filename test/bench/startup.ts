/**
 * From exec to the first thing seen, in a pseudo-terminal: `node test/bench/startup.ts`. Runs the bundle; budget: first
 * paint within 250 ms.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { execa } from 'execa';

const RUNS = 9;
const folder = await mkdtemp(join(tmpdir(), 'sluice-startup-'));
try {
  // A server that answers nothing: the screen must not wait for it.
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(
    kubeconfig,
    'apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: x}}]\n',
  );
  const paints = await series(() => firstPaint(['--kubeconfig', kubeconfig]));
  const demo = await series(() => firstPaint(['demo']));
  const bare = await series(async () => {
    const began = performance.now();
    await execa(process.execPath, ['-e', '0']);
    return performance.now() - began;
  });
  const version = await series(async () => {
    const began = performance.now();
    await execa(process.execPath, ['dist/sluice.js', 'version']);
    return performance.now() - began;
  });
  row('node -e 0', bare);
  row('sluice version', version, bare);
  row('first paint in a pty (budget 250 ms)', paints, bare);
  row('first paint of the demo', demo, bare);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Milliseconds from exec until a visible character stands on the screen. */
function firstPaint(args: readonly string[]): Promise<number> {
  const { CI: _, ...rest } = process.env;
  const env = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const began = performance.now();
  const app = spawn(process.execPath, ['dist/sluice.js', ...args], {
    cols: 160,
    rows: 52,
    name: 'xterm-256color',
    env: { ...env, XDG_STATE_HOME: folder },
  });
  return new Promise((resolve) => {
    let seen = '';
    app.onData((data) => {
      seen += data;
      if (!seen.includes('sluice')) return;
      resolve(performance.now() - began);
      seen = '';
      app.kill('SIGKILL');
    });
  });
}

async function series(measure: () => Promise<number>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) times.push(await measure());
  return times.sort((a, b) => a - b);
}

function row(name: string, times: readonly number[], base?: readonly number[]): void {
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const ratio =
    base === undefined
      ? ''
      : `  ×${(median / (base[Math.floor(base.length / 2)] ?? 1)).toFixed(1)} of node alone`;
  console.log(`${name.padEnd(40)} best ${times[0]?.toFixed(0)} ms  median ${median.toFixed(0)} ms${ratio}`);
}
