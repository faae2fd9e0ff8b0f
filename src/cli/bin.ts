#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { main } = await import('./main.ts');
const { reportError } = await import('./report-error.ts');

const output = {
  out: (text: string) => process.stdout.write(text),
  err: (text: string) => process.stderr.write(text),
};

/** A mistake of ours: the terminal is put back, and it is told in two sentences like everything else. */
function onBug(error: unknown): void {
  if (process.stdout.isTTY) output.out('\u001b[?1049l\u001b[?25h');
  process.exitCode = reportError(error, output, { format: 'table', debug: process.argv.includes('--debug') });
  process.exit();
}

process.on('uncaughtException', onBug);
process.on('unhandledRejection', onBug);

/** A reader that went away (`| head`) is no failure, and nobody is left to tell: end as on a hang-up. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.kill(process.pid, 'SIGHUP');
});

process.exitCode = await main({
  argv: process.argv.slice(2),
  output,
  interactive: process.stdout.isTTY === true && process.stdin.isTTY === true && process.env.TERM !== 'dumb',
});
