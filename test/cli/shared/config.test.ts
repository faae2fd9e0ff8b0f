import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/cli/shared/config.ts';
import { HOOK_EVENTS } from '../../../src/core/common/common.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { runVerb } from '../../helpers/verb.ts';

let folder: string;
let demo: Demo;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-config-'));
  await mkdir(join(folder, 'sluice'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
});

afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true });
});

async function load(text: string) {
  const path = join(folder, 'sluice', 'config.yaml');
  await writeFile(path, text);
  return loadConfig(path);
}

async function refusal(text: string): Promise<string> {
  const error = await load(text).catch((cause: unknown) => cause);
  if (!(error instanceof SluiceError) || error.code !== 'config') throw new Error(`not refused: ${text}`);
  return error.message;
}

describe('the configuration file', () => {
  test('is optional: defaults apply without it', async () => {
    expect((await loadConfig(join(folder, 'none.yaml'))).limits).toMatchObject({
      maxSeconds: 28_800,
      presets: [300, 900, 1_800, 3_600],
    });
    expect((await load('')).limits.maxSeconds).toBe(28_800);
  });

  test('says what is told outside the screen', async () => {
    expect((await load('notify: {title: false, command: notify-send}')).notify).toEqual({
      title: false,
      command: ['notify-send'],
    });
    expect((await load('notify:\n  command: [notify-send, -u, low]')).notify?.command).toEqual([
      'notify-send',
      '-u',
      'low',
    ]);
  });

  test.each([
    ['notify: {title: 7}', 'notify.title: must be true or false, not 7.'],
    ['notify: {bell: "no\\e"}', 'notify.bell: must be true or false, not "no\\u001b".'],
    ['notify: {desktop: [a]}', 'notify.desktop: must be true or false, not ["a"].'],
    [
      'notify: {command: 5}',
      'notify.command: must be a program, or a list of a program and its arguments, not 5.',
    ],
    [
      'notify: {command: ""}',
      'notify.command: must be a program, or a list of a program and its arguments, not "".',
    ],
    [
      'notify: {command: []}',
      'notify.command: must be a program, or a list of a program and its arguments, not [].',
    ],
    ['notify: {command: [a, 5]}', 'must be a program, or a list of a program and its arguments, not'],
    ['notify: {ring: true}', 'unknown setting "notify.ring".'],
    ['mouse: yes please', 'mouse: must be off, scroll or click, not "yes please".'],
    ['notify: 5', 'notify: '],
  ])('refuses %s with the value at fault', async (text, message) => {
    expect(await refusal(text)).toContain(message);
  });

  test('names hooks: programs, and web addresses with a secret', async () => {
    const text = `hooks:
  - {exec: page, on: [ended, unproven]}
  - {exec: [sh, -c, 'cat'], on: [granted]}
  - webhook: https://hooks.example/T0/x
    secret: {env: HUSH}
    on: [opened]
  - {webhook: 'http://[::1]:9/', secret: {file: /run/secret}}
`;
    expect((await load(text)).hooks).toEqual([
      { exec: ['page'], on: ['ended', 'unproven'] },
      { exec: ['sh', '-c', 'cat'], on: ['granted'] },
      { webhook: 'https://hooks.example/T0/x', secret: { env: 'HUSH' }, on: ['opened'] },
      { webhook: 'http://[::1]:9/', secret: { file: '/run/secret' }, on: [...HOOK_EVENTS] },
    ]);
  });

  test.each([
    [
      'hooks: {exec: a}',
      'line 1: hooks: must be a list of hooks, each with exec or webhook, not {"exec":"a"}.',
    ],
    [
      'hooks:\n  - exec: a\n    on: [endet]',
      'line 3: hooks.0.on.0: "endet" is not an event; there are requested, ',
    ],
    ['hooks:\n  - exec: a\n    on: []', 'line 3: hooks.0.on: must not be empty.'],
    ['hooks:\n  - {exec: a, on: ended}', 'line 2: hooks.0.on: must be a list of events, not "ended".'],
    [
      'hooks:\n  - exec: []',
      'line 2: hooks.0.exec: must be a program, or a list of a program and its arguments',
    ],
    ['hooks:\n  - {exec: a, secret: {env: A}}', 'line 2: unknown setting "hooks.0.secret".'],
    ['hooks:\n  - on: [ended]', 'line 2: hooks.0: must be a hook with exec or webhook, not {'],
    ['hooks: [page]', 'hooks.0: must be a hook with exec or webhook, not "page".'],
    [
      'hooks:\n  - webhook: http://hooks.example/x',
      'line 2: hooks.0.webhook: must be an https:// address, or',
    ],
    ['hooks:\n  - webhook: http://127.0.0.1.example/', 'hooks.0.webhook: must be an https:// address, or'],
    ['hooks:\n  - webhook: ftp://127.0.0.1/', 'hooks.0.webhook: must be an https:// address, or'],
    [
      'hooks:\n  - {webhook: "https://a/", secret: hush}',
      'hooks.0.secret: must be {file: PATH} or {env: NAME}.',
    ],
    ['hooks:\n  - {webhook: "https://a/", secret: {env: ""}}', 'hooks.0.secret.env: must not be empty.'],
    ['hooks:\n  - {webhook: "https://a/", secret: {file: 5}}', 'hooks.0.secret.file: must be a text, not 5.'],
    ['hooks:\n  - {webhook: "https://a/", sekret: {}}', 'unknown setting "hooks.0.sekret".'],
  ])('refuses %j with the line and the value at fault', async (text, message) => {
    expect(await refusal(text)).toContain(message);
  });

  test('never repeats a web address, which may be a secret', async () => {
    expect(await refusal('hooks: [{webhook: "http://hooks.example/hush"}]')).not.toContain('hush');
  });

  test('sets every setting', async () => {
    const text =
      'presets: [10m, 1h]\nmaxWindow: 2h\nreasonPattern: "^INC-"\nprotected:\n  namespaces: [kube-*]\nsource: probe\nascii: true\n';
    expect(await load(text)).toMatchObject({
      limits: {
        presets: [600, 3_600],
        maxSeconds: 7_200,
        reasonPattern: '^INC-',
        protectedNamespaces: ['kube-*'],
      },
      source: 'probe',
      ascii: true,
    });
  });

  test('names a theme, or one with colors of its own', async () => {
    expect((await load('theme: colorblind\n')).theme).toEqual({ base: 'colorblind', roles: {} });
    expect((await load('theme: {base: dark, roles: {drop: "#FF5f5f"}}\n')).theme).toEqual({
      base: 'dark',
      roles: { drop: '#FF5f5f' },
    });
    expect((await load('theme: {roles: {}}\n')).theme).toEqual({ base: 'auto', roles: {} });
  });

  test.each([
    ['theme: drak\n', /line 1: theme: "drak" is not a theme; there are auto, dark, light, colorblind\./],
    ['theme:\n  base: 7\n', /line 2: theme\.base: 7 is not a theme/],
    ['theme: [dark]\n', /line 1: theme: Array is not a theme/],
    [
      'theme:\n  roles:\n    drop: "#fff"\n',
      /line 3: theme\.roles\.drop: "#fff" is not a color such as "#ff5f5f"/,
    ],
    ['theme:\n  roles:\n    drop: red\n', /line 3: theme\.roles\.drop: "red" is not a color/],
    [
      'theme:\n  base: dark\n  roles:\n    dorp: "#ff5f5f"\n',
      /line 4: theme\.roles\.dorp: "dorp" is not a role; there are allow, drop, warn, time, dim/,
    ],
    ['theme:\n  roles: red\n', /line 2: theme\.roles: must be a map of roles to colors/],
    ['theme:\n  rolls: {}\n', /line 2: unknown setting "theme\.rolls"/],
    ['presets: [5m]\nmaxWindw: 4h\n', /config\.yaml: line 2: unknown setting "maxWindw"/],
    ['protected:\n  namespaces: [a]\n  contxts: [b]\n', /line 3: unknown setting "protected\.contxts"/],
    ['maxWindow: 4 hours\n', /line 1: maxWindow: "4 hours" is not a duration/],
    ['presets: 5m\n', /line 1: presets: must be a list of durations/],
    ['source: wireshark\n', /line 1: source: must be auto, hubble or probe/],
    ['reasonPattern: "("\n', /line 1: reasonPattern: must be a regular expression/],
    ['presets: [5m\nmaxWindow: 4h\n', /line \d: /],
    ['ascii: true\nmaxWindow: 4h\nascii: no\n', /config\.yaml: line 3: duplicate key "ascii"/],
    ['protected:\n  namespaces: [a]\n  contexts: b\n', /line 3: protected\.contexts: must be a list/],
  ])('%j is rejected with the line', async (text, says) => {
    expect(await refusal(text)).toMatch(says);
  });
});

describe('its limits on grants', () => {
  const grant = (...change: readonly string[]) =>
    runVerb(
      [
        'grant',
        '--from',
        'deploy/web',
        '--to',
        'sts/db',
        '--port',
        '5432/tcp',
        '--for',
        '5m',
        '--reason',
        'test',
        '--dry-run',
        ...change,
      ],
      { KUBECONFIG: join(folder, 'kubeconfig'), XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder },
    );

  test.each([
    ['maxWindow: 1m\n', 2, /"5m" exceeds the maximum grant duration of 1m/],
    ['reasonPattern: "^INC-"\n', 1, /The reason "test" does not match \^INC-/],
    ['protected: {namespaces: [sh*]}\n', 1, /Namespace shop is protected/],
    ['protected: {contexts: [demo]}\n', 1, /Context demo is protected/],
    ['presets: {}\n', 2, /line 1: presets/],
  ])('%j', async (text, code, says) => {
    await writeFile(join(folder, 'sluice', 'config.yaml'), text);
    const ran = await grant();
    expect(ran.code).toBe(code);
    expect(ran.errors).toMatch(says);
  });

  test('allow everything else', async () => {
    await writeFile(
      join(folder, 'sluice', 'config.yaml'),
      'maxWindow: 10m\nprotected: {namespaces: [kube-*]}\n',
    );
    expect((await grant()).code).toBe(0);
  });
});
