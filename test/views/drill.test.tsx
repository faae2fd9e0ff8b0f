import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bookmarkFiles } from '../../src/cli/verbs/bookmarks.ts';
import type { TrafficSink } from '../../src/core/ports/ports.ts';
import type { FlowEnd } from '../../src/core/traffic/flow.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { Session } from '../../src/session/session.ts';
import { sessionOn } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';
import { fedTraffic } from '../helpers/fed-connection.ts';
import { flow } from '../helpers/flows.ts';
import { paneLines } from '../helpers/pane-text.ts';
import { openScreen, type Screen } from '../helpers/screen.tsx';

let directory: string;
let demo: Demo;
let session: Session;
let screen: Screen;
let sink: TrafficSink | undefined;

const state = () => session.store.getState();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-drill-'));
  demo = await startDemo();
  session = sessionOn({
    connect: async () => ({
      ...(await connectionTo(demo, directory)),
      namespace: 'shop',
      traffic: fedTraffic((given) => {
        sink = given;
      }),
    }),
    bookmarks: bookmarkFiles(join(directory, 'bookmarks')),
  });
  screen = openScreen({ columns: 160, rows: 44, session });
  await session.start();
  await eventually(() => {
    expect(state().pods).toHaveLength(14);
    expect(sink).toBeDefined();
  });
  seen(podOf('web', 0), podOf('db', 0), 5432, 'dropped');
  seen(podOf('web', 1), podOf('api', 0), 8080, 'forwarded');
  seen(podOf('api', 0), podOf('db', 0), 5432, 'forwarded');
  await eventually(() =>
    expect(state().attempts.filter(({ decidedBy }) => decidedBy.length > 0)).toHaveLength(3),
  );
});

afterAll(async () => {
  await screen.close();
  await session.dispose();
  await demo.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Back to the view that every test begins in. */
afterEach(async () => {
  session.commands.clearMarks();
  for (let step = 0; step < 20 && (state().overlay.type !== 'none' || state().trail.length > 0); step += 1)
    session.commands.back();
  if (state().zoomed) session.commands.zoom();
  session.commands.list('pods');
  for (const pane of ['pods', 'attempts'] as const) {
    session.commands.focus(pane);
    if (state().panes[pane].filter !== '') session.commands.back();
  }
  await screen.until('▸3 Attempts ');
});

function podOf(workload: string, at: number) {
  const pods = state().pods.map(({ pod }) => pod);
  const pod = pods.filter(({ owner }) => owner?.name === workload)[at];
  if (pod === undefined) throw new Error(`${workload} has no pod ${at}`);
  return pod;
}

let port = 40_000;

/** A flow between two pods, as Hubble reports it. */
function seen(
  from: ReturnType<typeof podOf>,
  to: ReturnType<typeof podOf>,
  asked: number,
  verdict: 'dropped' | 'forwarded',
  ago = 20_000,
) {
  const end = ({ namespace, name, ips: [ip = ''], owner }: ReturnType<typeof podOf>): FlowEnd => ({
    ip,
    namespace,
    pod: name,
    ...(owner === undefined ? {} : { workload: { kind: owner.kind, name: owner.name } }),
  });
  port += 1;
  sink?.flows([
    flow({
      time: Date.now() - ago,
      direction: 'ingress',
      verdict,
      source: { ...end(from), port },
      destination: { ...end(to), port: asked },
      ...(verdict === 'dropped' ? { dropReason: { code: 133, text: 'Policy denied' } } : {}),
    }),
  ]);
}

/** Puts the cursor of a pane on a row, and waits until it is seen there: keys act on what was painted. */
async function on(digit: string, key: string): Promise<void> {
  screen.press(digit);
  await screen.until(`▸${digit} `);
  await to(key);
}

/** Puts the cursor of the focused pane on a row. */
async function to(key: string): Promise<void> {
  expect(session.commands.moveTo(key)).toBe(true);
  const name = key.split('/').at(-1) ?? '';
  await screen.until((text) =>
    text.split('\n').some((line) => line.includes(`▸ ${name} `) || new RegExp(`▸ \\w+ +${name} `).test(line)),
  );
}

/** Puts the cursor on the attempts from web to db. */
async function onStory(): Promise<void> {
  screen.press('3');
  await screen.until('▸3 ');
  const line = state().attempts.find(({ row }) => row.sourceName === 'web' && row.destinationName === 'db');
  expect(session.commands.moveTo(line?.key)).toBe(true);
  await screen.until(/▸ +\w+ ✗ DROP +web +db /);
}

const inPane = (title: string) =>
  paneLines(screen.lines(), title)
    .slice(1)
    .filter((line) => /\w/.test(line));

test('a on a pod shows the attempts it is an end of, not those of a pod that is called almost like it', async () => {
  const [one, other] = [podOf('web', 0), podOf('web', 1)];
  await on('1', `shop/${one.name}`);
  screen.press('a');
  await screen.until(`▸3 Attempts 1 ‹ pod ${one.name} `);
  expect(inPane('3 Attempts')).toEqual([expect.stringMatching(/✗ DROP +web +db +5432/)]);

  screen.press('esc');
  await screen.until('▸1 Pods 14 ');
  await on('1', `shop/${other.name}`);
  screen.press('a');
  await screen.until(`▸3 Attempts 1 ‹ pod ${other.name} `);
  expect(inPane('3 Attempts')).toEqual([expect.stringMatching(/ web +api +8080/)]);
});

test('rows that come later come into the drilled view', async () => {
  const cart = podOf('cart', 0);
  await on('1', `shop/${cart.name}`);
  screen.press('a');
  await screen.until(`▸3 Attempts 0 ‹ pod ${cart.name} `);
  await screen.until(`no attempts of pod ${cart.name}   esc goes back`);
  seen(cart, podOf('cache', 0), 6379, 'dropped');
  await screen.until(`▸3 Attempts 1 ‹ pod ${cart.name} `);
});

test('from a pod to its policies, to the pods of one, to their attempts; esc leads back one level at a time', async () => {
  await on('1', 'shop/db-0');
  screen.press('p');
  await screen.until(/▸2 Policies \d+ ‹ pod db-0 /);
  const policies = session.visibleRows(state(), 'policies').map(({ key }) => key);
  expect(policies).toContain('NetworkPolicy/shop/db-only-api');
  expect(policies).not.toContain('NetworkPolicy/shop/api-from-web');

  await to('NetworkPolicy/shop/db-only-api');
  screen.press('o');
  await screen.until('▸1 Pods 1 ‹ policy db-only-api ');
  expect(screen.lines()[0]).toContain(' pod db-0 › policy db-only-api ');
  screen.press('a');
  await screen.until('▸3 Attempts 2 ‹ pod db-0 ');
  expect(screen.lines()[0]).toContain(' pod db-0 › policy db-only-api › pod db-0 ');

  screen.press('esc');
  await screen.until('▸1 Pods 1 ‹ policy db-only-api ');
  screen.press('esc');
  await screen.until(/▸2 Policies \d+ ‹ pod db-0 /);
  expect(state().panes.policies.key).toBe('NetworkPolicy/shop/db-only-api');
  screen.press('esc');
  await screen.until('▸1 Pods 14 ');
  expect(state().panes.pods.key).toBe('shop/db-0');
});

test('a on a policy shows the drops it caused and what it let through', async () => {
  await on('2', 'NetworkPolicy/shop/db-only-api');
  screen.press('a');
  await screen.until('▸3 Attempts 2 ‹ policy db-only-api ── ✗ 1 dropped ');
  expect(inPane('3 Attempts')).toEqual([
    expect.stringMatching(/✗ DROP +web +db /),
    expect.stringMatching(/ api +db /),
  ]);
  screen.press('!');
  await screen.until('▸3 Attempts 1/2 ');
});

test('o shows the pods that a pod was seen talking with, across namespaces', async () => {
  await on('1', 'shop/db-0');
  screen.press('o');
  await screen.until('▸1 Pods 2 ‹ pod db-0 ');
  expect(
    session
      .visibleRows(state(), 'pods')
      .map(({ key }) => key)
      .sort(),
  ).toEqual([podOf('api', 0), podOf('web', 0)].map(({ name }) => `shop/${name}`).sort());
});

test('the filter and the cursor of the view that was left come back, and [ and ] go through the views', async () => {
  const web = podOf('web', 0);
  screen.press('1', '/', 'web', 'enter');
  await screen.until('▸1 Pods 2/14 ');
  await to(`shop/${web.name}`);
  screen.press('a', '/', 'nothing', 'enter');
  await screen.until('▸3 Attempts 0/1 ');
  screen.press('esc');
  await screen.until('▸3 Attempts 1 ');
  screen.press('[');
  await screen.until('▸1 Pods 2/14 ');
  expect(state().panes.pods).toMatchObject({ key: `shop/${web.name}`, filter: 'web' });
  screen.press(']');
  await screen.until(`▸3 Attempts 1 ‹ pod ${web.name} `);
  screen.press(']');
  await screen.until('no view to go forward to');
  screen.press('-');
  await screen.until('▸1 Pods 2/14 ');
});

test('from the description of a row the same keys lead on', async () => {
  await on('1', 'shop/db-0');
  screen.press('enter');
  await screen.until('╭ Pod shop/db-0 ');
  expect(screen.lines().at(-1)).toContain('p policies');
  screen.press('p');
  await screen.until(/▸2 Policies \d+ ‹ pod db-0 /);
});

test('a narrow screen shows the way too', async () => {
  screen.resize(80, 24);
  await on('1', 'shop/db-0');
  screen.press('a');
  await screen.until(/▸3 Attempts 2 ✗\d +.*‹ pod db-0/);
  screen.resize(160, 44);
});

test('a command or the palette goes to all rows of a pane, and esc still leads back', async () => {
  await on('1', 'shop/db-0');
  screen.press('p');
  await screen.until(/▸2 Policies 2 ‹ pod db-0 /);
  screen.press(':', 'policies', 'enter');
  await screen.until('▸2 Policies 10 ');
  screen.press('esc');
  await screen.until('▸1 Pods 14 ');
});

test('w says what could reach a pod, on which ports, from inside and outside', async () => {
  await on('1', 'shop/db-0');
  screen.press('w');
  await screen.until(/╭ What could reach pod shop\/db-0 /);
  expect(screen.lines().at(-1)).not.toContain('w who');
  await screen.until(/declares +tcp 5432 /);
  expect(screen.text()).toMatch(/reach it +2 workloads /);
  expect(screen.text()).toMatch(/ kube-system\/cilium \(\S+\) +all ports +│/);
  expect(screen.text()).toMatch(/ shop\/api +tcp 5432 +│/);
  expect(screen.text()).toMatch(/outside +no node, and no address +│/);
  expect(screen.text()).toMatch(/can't +\d+ workloads: .*/);
  expect(screen.text()).toContain('shop/web');
  screen.press('esc');
  await screen.until('▸1 Pods 14 ');
  await on('1', `shop/${podOf('web', 0).name}`);
  screen.press('w');
  await screen.until(/every address +tcp 8080 /);
});

test.each([
  ['a workload', ':workloads', 'StatefulSet/shop/db', 'StatefulSet shop/db'],
  ['a Service', ':services', 'shop/db', 'Service shop/db'],
])('w says what could reach the pods of %s', async (_, command, key, name) => {
  screen.press(...command, 'enter');
  await screen.until(/▸1 (?:Workloads|Services) /);
  await to(key);
  screen.press('w');
  await screen.until(`╭ What could reach ${name} `);
  await screen.until(/reach it +2 workloads /);
});

test('w on an attempt says what could reach its destination', async () => {
  await onStory();
  screen.press('w');
  await screen.until('╭ What could reach StatefulSet shop/db ');
  await screen.until(/reach it +2 workloads /);
});

test('a on a row of attempts lists them one by one, the newest first', async () => {
  const [web, db] = [podOf('web', 0), podOf('db', 0)];
  seen(web, db, 5432, 'dropped', 10_000);
  await onStory();
  screen.press('a');
  await screen.until('╭ Attempts web → db :5432 ');
  const listed = paneLines(screen.lines(), 'Attempts web');
  expect(listed.find((line) => /all of them/.test(line))).toMatch(/on node-\S+ · Policy denied at ingress/);
  const lines = listed.filter((line) => /DROP/.test(line));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    new RegExp(`\\d\\d:\\d\\d:\\d\\d {2}✗ DROP {3}shop/${web.name}:4\\d{4} → shop/db-0:5432 `),
  );
  expect(lines[0]).toContain(`:${port} `);
  expect(session.commands.copyables()[0]?.text.split('\n')[0]).toMatch(
    /^\S+Z drop shop\/\S+ → shop\/db-0:5432 Policy denied$/,
  );
  expect(screen.lines().at(-1)).toMatch(/p policies {2}o pods/);
  expect(screen.lines().at(-1)).not.toContain('a attempts');
  screen.press('p');
  await screen.until('▸2 Policies 2 ‹ web → d');
});

test('a row is called as the table calls it, with the namespace of an end that is not in view', async () => {
  const owner = { kind: 'StatefulSet', namespace: 'monitoring', name: 'prometheus' };
  const pod = { namespace: 'monitoring', name: 'prometheus-9', ips: ['10.9.9.8'], owner };
  seen({ ...podOf('web', 0), ...pod }, podOf('api', 0), 8080, 'dropped');
  screen.press('3', '/', 'prometheus', 'enter');
  await screen.until(/▸ +\w+ ✗ DROP +monitoring\/prometheus +api /);
  screen.press('a');
  await screen.until('╭ Attempts monitoring/prometheus → api :8080 ');
});

test('h tells the history of a grant as it goes on, with the attempts on its path and no others', async () => {
  await onStory();
  screen.press('g');
  await screen.until(/✓ server +dry-run accepted/);
  screen.press('INC-4411', 'enter');
  await eventually(() => expect(state().grants[0]?.grant.state.name).toMatch(/applied|open/));
  screen.press('4');
  await screen.until('▸4 Grants 1 ');
  screen.press('h');
  await screen.until(/╭ History of grant /);
  expect(screen.lines().at(-1)).not.toContain('h history');
  expect(screen.text()).toMatch(/reason +INC-4411/);
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d +✗ \d attempts? dropped/);
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d +planned: the server accepted the dry-run/);
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d +leased for 15m, requested by responder@demo \(you\)/);
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d +applied: the policy is in the cluster/);
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d +the cluster ends it, whether or not sluice runs/);
  seen(podOf('backup', 0), podOf('db', 0), 5432, 'dropped', 0);
  seen(podOf('web', 0), podOf('db', 0), 5432, 'forwarded', 0);
  await screen.until(/\d\d:\d\d:\d\d +✓ 1 attempt let through/);
  expect(screen.text().match(/✗/g)).toHaveLength(1);
  screen.press('esc');
  await screen.until('▸4 Grants ');
  screen.press('+');
  await screen.until('╭ Extend ');
  const before = state().grants[0]?.grant.window?.end ?? 0;
  screen.press('enter');
  await eventually(() => expect(state().grants[0]?.grant.window?.end).toBeGreaterThan(before));
  screen.press('x');
  await screen.until('╭ Revoke ');
  screen.press('enter');
  await eventually(() => expect(state().grants[0]?.grant.state).toMatchObject({ by: 'revoke' }));
  screen.press('h');
  await screen.until(/ended by a revocation/);
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d +extended until \d\d:\d\d:\d\d/);
  expect(screen.text()).toMatch(/✓ 1 attempt let through/);

  screen.press('a');
  await screen.until('▸3 Attempts 1 ‹ grant ');
  expect(inPane('3 Attempts')).toEqual([expect.stringMatching(/ web +db +5432/)]);
  screen.press('esc');
  await screen.until('▸4 Grants ');
  screen.press('o');
  await screen.until('▸1 Pods 3 ‹ grant ');
});

test(':workloads lists them with their pods, enter drills into these, :pods goes back', async () => {
  screen.press('z', ':', 'workloads', 'enter');
  await screen.until(/▸1 Workloads \d+ /);
  await screen.until(/KIND +NAME +READY +IN +OUT/);
  await to('Deployment/shop/web');
  expect(screen.text()).toMatch(/▸ Deployment +web +2\/2 +iso +open/);
  screen.press('z');
  screen.resize(120, 30);
  await screen.until(/KIND +NAME +IN +OUT/);
  await screen.until(/▸ deploy +web +iso +open/);
  screen.resize(160, 44);
  screen.press('enter');
  await screen.until('▸1 Pods 2 ‹ Deployment web ');
  screen.press('esc');
  await screen.until(/▸1 Workloads \d+ /);
  seen({ ...podOf('web', 0), name: 'web-gone', ips: ['10.9.9.9'] }, podOf('search', 0), 9200, 'forwarded');
  screen.press('a');
  await screen.until(/▸3 Attempts 3 ‹ Deployment web /);
  screen.press('esc');
  await screen.until(/▸1 Workloads \d+ /);
  screen.press(':', 'sts', 'enter');
  await screen.until(/▸1 Workloads \d+\/\d+ /);
  expect(session.visibleRows(state(), 'pods').map(({ key }) => key.split('/')[0])).not.toContain(
    'Deployment',
  );
  screen.press(':', 'pods', 'enter');
  await screen.until('▸1 Pods 14 ');
});

test(':svc lists Services; s and d mark a workload and a Service as ends, which the path judges', async () => {
  screen.press(':', 'workloads', 'enter');
  await screen.until(/▸1 Workloads \d+ /);
  await to('Deployment/shop/web');
  screen.press('s');
  await screen.until('Source: web');
  screen.press(':', 'svc', 'enter');
  await screen.until(/▸1 Services \d+ /);
  expect(screen.text()).toMatch(/NAME +(TYPE +)?PORTS +PODS/);
  await to('shop/db');
  screen.press('d');
  await screen.until('Destination: svc/db');
  await eventually(() =>
    expect(state().path).toMatchObject({
      source: { type: 'workload', ref: { name: 'web' } },
      destination: { type: 'service', namespace: 'shop', name: 'db' },
      port: { port: 5432 },
      verdict: { verdict: 'deny' },
    }),
  );
  screen.press('enter');
  await screen.until('▸1 Pods 1 ‹ Service db ');
  screen.press('esc');
  await screen.until(/▸1 Services \d+ /);
  screen.press('/', 'db', 'enter');
  await screen.until(/▸1 Services 1\/\d+ /);
  screen.press('z', 'N');
  await screen.until('↓ name');
});

test('b keeps a pair, :bookmarks lists it and enter marks it; a broken file is told once and left alone', async () => {
  const db = podOf('db', 0);
  seen(podOf('backup', 0), db, 5432, 'dropped');
  screen.press('3', '/', '^backup', 'enter');
  await screen.until(/▸ +\w+ ✗ DROP +backup +db /);
  screen.press('b');
  await screen.until('Bookmarked: shop/Deployment/backup → shop/StatefulSet/db :5432/tcp');
  screen.press('1');
  await screen.until('▸1 Pods ');
  screen.press(':', 'bookmarks', 'enter');
  await screen.until('╭ bookmark ');
  screen.press('enter');
  await eventually(() =>
    expect(state().path).toMatchObject({ marked: true, sourceName: 'backup', verdict: { verdict: 'deny' } }),
  );

  const folder = join(directory, 'bookmarks');
  const [name = ''] = await readdir(folder);
  const hostile = (await readFile(join(folder, name), 'utf8')).replace('"backup"', '"ba\\u001b]0;x"');
  await writeFile(join(folder, name), hostile);
  screen.press(':', 'bookmarks', 'enter');
  await screen.until('shop/Deployment/ba␛]0;x → ');
  screen.press('esc');
  await eventually(() => expect(state().overlay.type).toBe('none'));

  await writeFile(join(folder, name), '{"not": "a list"');
  screen.press('b');
  await screen.until('is not a list of bookmarks');
  screen.press('b');
  await screen.until("can't be read");
  expect(await readFile(join(folder, name), 'utf8')).toBe('{"not": "a list"');
  expect(state().messages.filter(({ text }) => text.includes('is not a list'))).toHaveLength(1);
});

test('v splits rows by pod, then into single attempts, and joins them again', async () => {
  const row = () =>
    state().attempts.find((line) => line.row.sourceName === 'web' && line.row.port === 5432)?.row;
  const before = row()?.count ?? 0;
  seen(podOf('web', 1), podOf('db', 0), 5432, 'dropped');
  seen(podOf('web', 1), podOf('db', 0), 5432, 'dropped');
  await eventually(() => expect(row()?.count).toBe(before + 2));
  screen.press('3', '/', '^web.* db', 'enter');
  await screen.until(/▸3 Attempts 1\//);
  screen.press('v');
  await screen.until(/▸3 Attempts 2\/.* by pod/);
  const pods = inPane('3 Attempts').join('\n');
  expect(pods).toMatch(new RegExp(`${podOf('web', 0).name} +db-0 +5432 `));
  expect(pods).toMatch(new RegExp(`${podOf('web', 1).name} +db-0 +5432 `));
  screen.press('v');
  await screen.until(new RegExp(`▸3 Attempts ${before + 2}/.* one by one`));
  screen.press('v');
  await screen.until(/▸3 Attempts 1\//);
  expect(inPane('3 Attempts').join('\n')).toMatch(/ web +db +5432 /);
});
