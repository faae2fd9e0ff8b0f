/**
 * Every bench in one run, held against their budgets: `npm run bench`. Figures swing on a busy machine; what counts are
 * ratios and orders of magnitude. Says what it skipped.
 */
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { execa } from 'execa';

const BENCHES = ['engine', 'fold', 'frame', 'stall', 'startup', 'expiry', 'audit'] as const;

console.log(`node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`);
for (const name of BENCHES) {
  const script = `test/bench/${name}.ts`;
  if (!existsSync(script)) {
    console.log(`== ${name}: SKIPPED, ${script} is not there\n`);
    continue;
  }
  console.log(`== ${name}`);
  const { stdout, failed, stderr } = await execa(process.execPath, ['--expose-gc', script], {
    reject: false,
  });
  console.log(stdout);
  if (failed) {
    console.log(
      stderr === '' ? 'over a budget, see above' : `FAILED: ${stderr.split('\n').slice(0, 4).join(' ')}`,
    );
    process.exitCode = 1;
  }
  console.log('');
}
