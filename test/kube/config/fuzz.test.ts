import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asSluiceError } from '../../../src/core/common/common.ts';
import { credentialsOf } from '../../../src/kube/auth/auth.ts';
import { loadKubeconfig } from '../../../src/kube/config/kubeconfig.ts';
import { chooseTarget } from '../../../src/kube/config/target.ts';
import { makeAgent } from '../../../src/kube/http/agent.ts';
import { TEST_CERT, TEST_KEY } from '../../helpers/servers/tls-pair.ts';

/** A sample; all of them with SLUICE_FUZZ=full. */
const RUNS = process.env.SLUICE_FUZZ === 'full' ? 10_000 : 500;

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What must never be shown: each is in the kubeconfig once. */
const SECRETS = ['Pl4ntedT0ken', 'Pl4ntedPassw0rd', 'Pl4ntedPr0xy', 'Pl4ntedL0gin'];

const CONFIG = `apiVersion: v1
kind: Config
current-context: a
clusters:
- name: c
  cluster:
    server: https://me:${SECRETS[3]}@127.0.0.1:1/k8s
    certificate-authority-data: ${base64(TEST_CERT)}
    proxy-url: http://me:${SECRETS[2]}@127.0.0.1:1
    tls-server-name: localhost
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {a: 1}
- name: d
  cluster: {server: 'http://127.0.0.1:1', insecure-skip-tls-verify: true}
users:
- name: u
  user:
    token: ${SECRETS[0]}
    client-certificate-data: ${base64(TEST_CERT)}
    client-key-data: ${base64(TEST_KEY)}
    as: jane
    as-groups: [a, b]
    as-user-extra:
      scopes: [x]
- name: v
  user:
    username: me
    password: ${SECRETS[1]}
- name: w
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./login
      args: [get, token]
      env:
      - name: A
        value: b
      interactiveMode: Never
contexts:
- name: a
  context: {cluster: c, user: u, namespace: here}
- name: b
  context: {cluster: d, user: v}
- name: e
  context: {cluster: c, user: w}
`;

const LINES = CONFIG.trimEnd().split('\n');

/** Values that people and tools write where another was meant. */
const ODD = [
  '',
  'null',
  '~',
  'true',
  'off',
  '0',
  '010',
  '-1.5e3',
  '[]',
  '{}',
  '[null]',
  '{a: {b: c}}',
  '""',
  '"\\n"',
  '"\\u0000"',
  '"\\ud800"',
  '猫',
  '*x',
  '&x y',
  '!!binary aGVsbG8=',
  '|',
  '::1',
  'https://',
  'https://[::1',
  'https://%zz',
  'file:///x',
  'socks5://x',
  '../../..',
  '/',
  'gone.pem',
  'aGVsbG8=',
  '!!!',
];

type Edit = (lines: string[], at: number) => void;

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant<Edit>((lines, at) => lines.splice(at, 1)),
  fc.constant<Edit>((lines, at) => lines.splice(at, 0, lines[at] ?? '')),
  fc.constant<Edit>((lines, at) => {
    lines[at] = ` ${lines[at]}`;
  }),
  fc.constantFrom(...ODD).map<Edit>((odd) => (lines, at) => {
    lines[at] = (lines[at] ?? '').replace(/: .*$|:$/, `: ${odd}`);
  }),
  fc.constantFrom(...ODD).map<Edit>((odd) => (lines, at) => {
    lines[at] = (lines[at] ?? '').replace(/- .*$/, `- ${odd}`);
  }),
  fc
    .tuple(fc.nat(60), fc.constantFrom('\t', '"', "'", '[', '{', '}', ':', '#', '%', '\u0000', '\r', '-'))
    .map<Edit>(([column, character]) => (lines, at) => {
      const line = lines[at] ?? '';
      lines[at] = `${line.slice(0, column)}${character}${line.slice(column)}`;
    }),
);

const mutated = fc
  .array(fc.tuple(edits, fc.nat(LINES.length - 1)), { minLength: 1, maxLength: 4 })
  .map((changes) => {
    const lines = [...LINES];
    for (const [edit, at] of changes) edit(lines, at % lines.length);
    return lines.join('\n');
  });

test('a kubeconfig that is not quite right is used, or told in a sentence without its secrets', {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(mutated, fc.constantFrom(undefined, 'b', 'e'), async (text, context) => {
      const shown: string[] = [];
      try {
        const config = await loadKubeconfig({ text });
        shown.push(...config.warnings);
        const { cluster, user, impersonate } = await chooseTarget(config, { context });
        credentialsOf(user, cluster, {
          notice: () => undefined,
          terminal: false,
          lifetime: new AbortController().signal,
        });
        makeAgent(cluster, user).destroy();
        // A stray character may make a password part of the path.
        if (!cluster.server.pathname.includes('@')) shown.push(cluster.server.href);
        shown.push(impersonate?.user ?? '');
      } catch (error) {
        const { code, message, hint } = asSluiceError(error);
        expect(['config', 'unsupported'], message).toContain(code);
        expect(message).toMatch(/^[^\n\r\t]+[.]$/);
        expect(hint).toMatch(/^[^\n\r\t]+[.?]$/);
        expect(message.length).toBeLessThan(1_000);
        shown.push(message, hint);
      }
      for (const line of shown) for (const secret of SECRETS) expect(line).not.toContain(secret);
    }),
    { numRuns: RUNS },
  );
});
