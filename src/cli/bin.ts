#!/usr/bin/env node
// As a whole, as an old Node stops at a name that it does not have.
import nodeModule from 'node:module';
import { nodeTooOld } from './node-version.ts';

const refusal = nodeTooOld(process.versions.node);
if (refusal !== undefined) {
  process.stderr.write(refusal);
  process.exit(1);
}

nodeModule.enableCompileCache();
const { main } = await import('./cli.ts');
const { openStdio, reportError } = await import('./shared/shared.ts');

const { output, closed } = openStdio(process.stdout, process.stderr);
const report = (error: unknown) =>
  reportError(error, output, { format: 'table', debug: process.argv.includes('--debug') });

/** A mistake of ours: the terminal is put back, and it is told in two sentences like everything else. */
function onBug(error: unknown): void {
  if (process.stdout.isTTY) output.out('\u001b[?1049l\u001b[?25h');
  process.exitCode = report(error);
  process.exit();
}

process.on('uncaughtException', onBug);
process.on('unhandledRejection', onBug);

const code = await main({
  argv: process.argv.slice(2),
  output,
  closed,
  interactive: process.stdout.isTTY === true && process.stdin.isTTY === true && process.env.TERM !== 'dumb',
});

/** What could not be written may show only now, after the verb has ended well. */
const onClosed = () => {
  if (process.exitCode === 0 && output.isReaderGone?.() !== true) process.exitCode = report(closed.reason);
};
process.exitCode = code;
closed.addEventListener('abort', onClosed, { once: true });
if (closed.aborted) onClosed();
