import { HOOK_EVENTS } from '../../../src/core/common/common.ts';
import { createHooks } from '../../../src/hooks/hooks.ts';

/** A process that delivers what waits: `node hook-runner.ts FOLDER URL`; says `started`, ends when its stdin does. */
const [directory = '', webhook = ''] = process.argv.slice(2);
const hooks = createHooks({ hooks: [{ webhook, on: HOOK_EVENTS }], directory });
hooks.start(
  (message) => process.stderr.write(`${message}\n`),
  'prod',
  async () => undefined,
);
process.stdout.write('started\n');
for await (const _ of process.stdin);
await hooks.dispose();
