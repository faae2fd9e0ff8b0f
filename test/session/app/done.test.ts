import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { ClusterApi } from '../../../src/core/ports/ports.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import {
  callsAsScript,
  type LoggedCall,
  loggedApi,
  loggedProbe,
} from '../../../src/session/runtime/calls.ts';
import type { Session } from '../../../src/session/session.ts';
import { grantStory, planned, sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { probePod } from '../../helpers/probe/probe-pods.ts';

let demo: Demo;
let session: Session;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-done-'));
  demo = await startDemo();
  session = sessionOn({
    connect: () => connectionTo(demo, folder),
  });
  await session.start();
});

afterEach(async () => {
  await session.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

const state = () => session.store.getState();
const commands = () => state().calls.map(({ command }) => command.replaceAll(/sluice-\w+-in/g, 'NAME'));

test('a grant leaves its commands in the log and, once it has gone, its end in the book', async () => {
  await grantStory(session);
  const create = (kind: string) => `kubectl --context demo create -n shop -f ${kind}-NAME.yaml`;
  expect(commands()).toContain(`${create('networkpolicy')} --dry-run=server`);
  // The server may answer the form's dry run after the grant.
  const made = state().calls.filter(({ command }) => !command.endsWith('--dry-run=server'));
  expect(made.slice(-2).map(({ command }) => command.replaceAll(/sluice-\w+-in/g, 'NAME'))).toEqual([
    create('job'),
    create('networkpolicy'),
  ]);
  expect(made.at(-1)).toMatchObject({ outcome: 'created', failed: false });
  expect(made.at(-1)?.manifest).toContain('kind: NetworkPolicy');
  expect(session.booked()).toMatchObject([{ grant: { state: { name: 'open' } }, demo: true }]);

  session.commands.openRevoke();
  session.commands.confirm();
  await eventually(() =>
    expect(commands().slice(-2)).toEqual([
      'kubectl --context demo delete networkpolicies.networking.k8s.io NAME -n shop --cascade=background',
      'kubectl --context demo delete jobs.batch NAME -n shop --cascade=foreground',
    ]),
  );
  await eventually(() => expect(session.booked()[0]?.grant.state.name).toBe('closed'));
});

test('the cursor is on the grant that was made last, and so x ends that one', async () => {
  await grantStory(session);
  const [first] = state().grants;
  session.commands.focus('attempts');
  session.commands.openFilter();
  session.commands.type({ type: 'clear' });
  session.commands.type({ type: 'insert', text: '^backup db' });
  session.commands.confirm();
  await eventually(() => expect(state().path.sourceName).toBe('backup'));
  session.commands.openGrant();
  await planned(session);
  session.commands.type({ type: 'insert', text: 'why' });
  session.commands.confirm();
  await eventually(() => expect(state().grants).toHaveLength(2));
  await eventually(() => expect(state().overlay.type).toBe('none'));
  const last = state().grants.find(({ key }) => key !== first?.key);
  expect(state()).toMatchObject({ focus: 'grants', panes: { grants: { key: last?.key } } });
  session.commands.openRevoke();
  expect(state().overlay).toMatchObject({ type: 'revoke', ids: [last?.key] });
});

/** Calls that are answered as told, without a cluster. */
function answering(answer: () => Promise<never> | never): ClusterApi {
  const clock = { now: () => 1_000, error: 0, offset: 0 };
  return { create: answer, patch: answer, delete: answer, clock } as unknown as ClusterApi;
}

const REF = { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'web' };

test('what fails is logged with why, and still fails', async () => {
  const log: LoggedCall[] = [];
  const api = loggedApi(
    answering(() => {
      throw new SluiceError('forbidden', 'You may not patch pods.', 'Ask.');
    }),
    'prod',
    (call) => log.push(call),
  );
  await expect(api.patch(REF, { metadata: { labels: { a: "it's" } } })).rejects.toThrow('You may not patch');
  expect(log).toEqual([
    {
      time: 1_000,
      command: `kubectl --context prod patch pods web -n shop --type=merge -p '{"metadata":{"labels":{"a":"it'\\''s"}}}'`,
      outcome: 'You may not patch pods.',
      failed: true,
    },
  ]);
});

test('each line is what a shell reads as the words of the call', async () => {
  const log: LoggedCall[] = [];
  const probe = loggedProbe(
    {
      connect: async (_from, _to, _signal, onExec) => {
        onExec?.({ namespace: 'shop', pod: 'web-0', container: 'main' }, [
          'sh',
          '-c',
          `echo "a b" 'c' $HOME`,
        ]);
        return { outcome: 'open', how: 'nc', milliseconds: 3 };
      },
    },
    answering(() => Promise.reject(new Error('none'))),
    'arn:aws:eks/my cluster',
    (call) => log.push(call),
  );
  await probe.connect(
    probePod('web-0', '10.0.0.1'),
    { host: '10.0.0.2', port: 1, protocol: 'TCP' },
    AbortSignal.timeout(1_000),
  );
  const [call] = log;
  expect(call?.outcome).toBe('open, by nc');
  const script = `kubectl() { printf '%s\\n' "$@"; }\n${call?.command}`;
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n')).toEqual([
    '--context',
    'arn:aws:eks/my cluster',
    'exec',
    '-n',
    'shop',
    'web-0',
    '-c',
    'main',
    '--',
    'sh',
    '-c',
    `echo "a b" 'c' $HOME`,
  ]);
});

test('the log as a script feeds each manifest to its command', () => {
  const script = callsAsScript([
    {
      time: 0,
      command: 'kubectl create -n shop -f job-x.yaml --dry-run=server',
      manifest: ['kind: Job', "a: $HOME 'x'"],
      outcome: 'created',
      failed: false,
    },
  ]);
  const out = execFileSync('sh', ['-c', `kubectl() { echo "$@"; cat; }\n${script}\n`], { encoding: 'utf8' });
  expect(out).toBe("create -n shop -f - --dry-run=server\nkind: Job\na: $HOME 'x'\n");
});
