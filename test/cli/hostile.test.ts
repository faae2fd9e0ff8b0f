import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { runInPty } from '../helpers/pty-app.ts';
import { runVerb } from '../helpers/verb.ts';

/** Everything that must not reach a terminal, in one text: clipboard writes, titles, links, bidi, invisible, breaks. */
const EVIL = [
  'EVIL',
  '\u001b]52;c;SEFDSw==\u0007',
  '\u009d52;c;SEFDSw==\u009c',
  '\u001b]8;;http://evil.example\u001b\\link\u001b]8;;\u001b\\',
  '\u001b[2J\u001b[31m',
  '\u009b2J',
  '\u001bPq\u001b\\',
  '\u202egnp.exe\u202c',
  '\u2066iso\u2069',
  'zero\u200bwidth\ufeff',
  '\r\nFAKE LINE',
  '\u0008\u0000\u007f',
  '\u{e0041}tag',
  '宽宽',
].join('');

/** Our own question, sent once at the start. */
const ASKS_BACKGROUND = '\u001b]11;?\u001b\\';

/** The app may write cursor moves, colors and modes, but never any of these. */
const FORBIDDEN =
  /\u001b\]|\u009d|\u009b|\u001bP|[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]|[\u0000\u0007\u0008\u007f]|[\u{e0000}-\u{e007f}]/u;

let folder: string;
let demo: Demo;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-evil-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
  env = { KUBECONFIG: join(folder, 'kubeconfig'), XDG_STATE_HOME: folder };
  demo.faults.edit('/pods', 'shop', 'db-0', (pod) => ({
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: { [EVIL]: EVIL },
      labels: { ...pod.metadata.labels, evil: EVIL },
    },
    spec: { ...(pod.spec as object), nodeName: EVIL },
    status: { ...(pod.status as object), reason: EVIL },
  }));
  demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', 'db-only-api', (policy) => ({
    ...policy,
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: EVIL } } }] }],
    },
  }));
});

afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A recording with hostile text in every field. */
function recording(): string {
  const flow = {
    time: '2026-11-22T12:00:00Z',
    uuid: 'a',
    verdict: 'DROPPED',
    drop_reason_desc: 'POLICY_DENIED',
    IP: { source: '10.0.0.1', destination: '10.0.0.2', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 40_000, destination_port: 443, flags: { SYN: true } } },
    source: {
      namespace: EVIL,
      pod_name: EVIL,
      labels: [`k8s:app=${EVIL}`],
      workloads: [{ name: EVIL, kind: EVIL }],
    },
    destination: { identity: 2, labels: ['reserved:world'] },
    destination_names: [EVIL],
    Type: 'L3_L4',
    node_name: EVIL,
    event_type: { type: 1, sub_type: 133 },
    traffic_direction: 'EGRESS',
  };
  const request = {
    ...flow,
    uuid: 'b',
    verdict: 'FORWARDED',
    drop_reason_desc: undefined,
    Type: 'L7',
    event_type: { type: 129 },
    l4: { TCP: { source_port: 40_001, destination_port: 443 } },
    l7: { type: 'REQUEST', http: { method: EVIL, url: `http://x/${EVIL}`, protocol: 'HTTP/1.1' } },
  };
  return [flow, request]
    .map((each) => JSON.stringify({ flow: each, node_name: EVIL, time: flow.time }))
    .join('\n');
}

describe('hostile text', () => {
  test('from a recording, as lines: no control bytes, no extra lines', async () => {
    await writeFile(join(folder, 'evil.jsonl'), `${recording()}\n`);
    const replay = ['flows', '--source', 'replay', '--replay', join(folder, 'evil.jsonl')];
    const { code, text, lines } = await runVerb(replay, env);
    expect(code).toBe(0);
    expect(text).toContain('EVIL');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(text).not.toMatch(FORBIDDEN);
    expect(lines.every((line) => /^\d\d:\d\d:\d\d {2}/.test(line))).toBe(true);
  });

  test('from a recording, as JSON: valid, without invisible characters', async () => {
    await writeFile(join(folder, 'evil.jsonl'), `${recording()}\n`);
    const replay = ['flows', '--source', 'replay', '--replay', join(folder, 'evil.jsonl'), '-o', 'json'];
    const { code, lines } = await runVerb(replay, env);
    expect(code).toBe(0);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(() => JSON.parse(line)).not.toThrow();
      expect(line).not.toMatch(FORBIDDEN);
    }
  });

  test('from a cluster, in explain', async () => {
    for (const format of ['table', 'json', 'yaml']) {
      const explain = ['explain', 'deploy/web', 'sts/db', '--port', '5432/tcp', '-o', format];
      const { code, text } = await runVerb(explain, env);
      expect(code).toBe(3);
      expect(text).toContain('EVIL');
      expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      expect(text).not.toMatch(FORBIDDEN);
    }
  });

  test('from a cluster, on the screen: tables, explain, YAML', async () => {
    const screen = runInPty(['--source', 'hubble', '--hubble-server', demo.hubbleAddress], {
      columns: 200,
      rows: 50,
      env,
    });
    try {
      await screen.shows(/Pods 14/);
      await screen.shows(/✗ DROP +web +db/);
      screen.press('1/db-0\r');
      await screen.shows(/Pods 1\b/);
      screen.press('y');
      await screen.shows(/apiVersion: v1[\s\S]*EVIL/);
      screen.press('\u001b');
      await screen.shows(/▸ db-0 /);
      screen.press('3/^web db\re');
      await screen.shows(/ingress of db/);
      expect(screen.written().replace(ASKS_BACKGROUND, '')).not.toMatch(FORBIDDEN);
      expect(screen.written()).not.toContain('FAKE LINE\r\n');
    } finally {
      screen.kill('SIGKILL');
      await screen.ended;
    }
  });
});
