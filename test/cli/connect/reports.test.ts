import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

/** Where public reports about clients lie, each with its kubeconfigs and the commands to run: beside the checkout. */
const REPORTS = resolve(process.env.SLUICE_CLIENT_REPORTS ?? '../shared/reports/client');

const present = existsSync(REPORTS);
if (!present) {
  process.stderr.write(
    `\n!! CLIENT REPORTS NOT RUN: ${REPORTS} does not exist. Set SLUICE_CLIENT_REPORTS to their folder.\n\n`,
  );
}

/** An answer of `explain`: denied. */
const ANSWER = 3;

type Right = readonly [report: string, codes: readonly number[], ...told: readonly string[]];

/** For each report the exit codes of its commands, and what they have to say. */
const RIGHT: readonly Right[] = [
  ['01-merge-key', [ANSWER]],
  ['03-dup-key', [ANSWER], 'current-context on line 15; the last one wins'],
  ['04-utf16', [ANSWER, ANSWER]],
  ['06-merge-key-manifest', [ANSWER, 0], 'rule 2 admits pods app=api,tier · tcp 5433'],
  [
    '07-intermediate-ca',
    [ANSWER, ANSWER, ANSWER, ANSWER, ANSWER, 1],
    'its certificate is signed by an unknown authority',
  ],
  ['08-socks5-remote-dns', [ANSWER, ANSWER, ANSWER], 'SOCKS connect type=3 api.lab.invalid'],
  ['09-exec-cluster-config', [ANSWER]],
  [
    '12-token-newline',
    [2, 2, 2, 2],
    'User u has a token with a line break',
    'User u has a client-certificate but no client-key',
    'User u has a client-certificate-data without a PEM certificate',
    'that is not the key of its client-certificate',
  ],
  ['13-exec-relative-path', [ANSWER]],
  ['22-ipv6', [ANSWER, 1, 1], 'Unable to connect to [fd00:77::1]:6443'],
  [
    '25-proxy-407',
    [1, 1],
    'wants a user and a password to connect to 127.0.0.1',
    'Unable to connect to the proxy http://127.0.0.1:1: connection refused',
  ],
  ['26-watch-cut-429', [ANSWER, 0]],
  ['27-kubeconfig-sources', [ANSWER, ANSWER, ANSWER, 2], 'No kubeconfig found: gone.yaml, gone2.yaml'],
  ['29-server-without-scheme', [ANSWER, ANSWER], 'HTTP GET credentials=no'],
  [
    '30-sso-page',
    [1, 1],
    'does not respond like a Kubernetes API server (HTTP 200): Sign in',
    ' redirects to ',
  ],
  ['33-token-over-http', [ANSWER], 'HTTP GET credentials=no'],
];

/** What each report has printed, by its name. */
const printed = new Map<string, string>();

beforeAll(async () => {
  if (!present) return;
  const args = ['-c', 'exec "$0" "$@" 2>&1', resolve(REPORTS, 'run'), ...RIGHT.map(([name]) => name)];
  const { stdout } = await promisify(execFile)('bash', args, { maxBuffer: 1 << 24 });
  for (const part of stdout.split(/^=== /m).slice(1)) printed.set(part.split('\n', 1)[0] ?? '', part);
});

const CASES = RIGHT.map(([name, codes, ...told]) => ({ name, codes, told }));

test.skipIf(!present).each(CASES)('report $name', ({ name, codes, told }) => {
  const text = printed.get(name) ?? '';
  expect([...text.matchAll(/^exit (\d+)$/gm)].map((match) => Number(match[1]))).toEqual(codes);
  const shown = text.replace(/\n\s+/g, ' ');
  expect(told.filter((words) => !shown.includes(words))).toEqual([]);
  expect(shown).not.toMatch(/PROXY connect|Unexpected error/);
});
