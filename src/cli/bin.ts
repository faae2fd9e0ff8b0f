#!/usr/bin/env node
// The whole module: an old Node fails on importing a name that it lacks.
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

/** A bug in sluice: restores the terminal, and reports it in two sentences like any other error. */
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

/** A failed write may surface only now, after the verb has succeeded. */
const onClosed = () => {
  if (process.exitCode === 0 && output.isReaderGone?.() !== true) process.exitCode = report(closed.reason);
};
process.exitCode = code;
closed.addEventListener('abort', onClosed, { once: true });
if (closed.aborted) onClosed();

// The shell waits for the end of completion, which must not wait for a credential plug-in that hangs.
if (process.argv[2] === '__complete') process.stdout.write('', () => process.exit(code));
