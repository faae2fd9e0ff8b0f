import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect } from '../../../src/kube/kube.ts';
import { makePki } from '../../helpers/servers/test-pki.ts';
import { CASES, type ParityCase } from './cases.ts';
import { type Recording, startRecording } from './recording.ts';

const run = promisify(execFile);

const beside = join(dirname(process.env.SLUICE_E2E_KUBECONFIG ?? '/none/k'), 'bin/kubectl');
const kubectl = process.env.SLUICE_KUBECTL ?? (existsSync(beside) ? beside : undefined);
if (kubectl === undefined)
  console.warn(
    '\n*** SKIPPED: sluice beside kubectl: set SLUICE_KUBECTL to the path of one of 1.36 or later ***\n',
  );

const PATH = '/api/v1/namespaces/here/pods/web';
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'here', name: 'web' };

let folder: string;
let recording: Recording;
let values: Readonly<Record<string, string>>;

beforeAll(async () => {
  if (kubectl === undefined) return;
  // One that does not run would fail beside sluice where both should.
  await run(kubectl, ['version', '--client']);
  folder = await mkdtemp(join(tmpdir(), 'sluice-parity-'));
  const pki = join(folder, 'pki');
  await mkdir(pki);
  await makePki(pki);
  recording = await startRecording(pki);
  const base64 = async (name: string) => (await readFile(join(pki, name))).toString('base64');
  values = {
    ...Object.fromEntries(Object.entries(recording.ports).map(([name, port]) => [name, String(port)])),
    PKI: pki,
    ALICE: await base64('alice.crt'),
    ALICEKEY: await base64('alice.key'),
  };
  await writeFile(join(folder, 'token'), 'of-file\n');
  await writeFile(join(folder, 'two-lines'), 'one\ntwo\n');
  await writeFile(join(folder, 'empty'), '');
  const answer = (status: string, version = 'v1') =>
    `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/${version}","status":${status}}`;
  const pem = (file: string) => `\\"$(awk '{printf "%s\\\\n", $0}' "$1/${file}")\\"`;
  const scripts: Readonly<Record<string, string>> = {
    'plugin.sh': `printf '%s' "$KUBERNETES_EXEC_INFO" >"${folder}/told"; echo '${answer('{"token":"given"}')}'`,
    'in-path': `echo '${answer('{"token":"in-path"}')}'`,
    'env.sh': `echo "${answer('{"token":"T"}').replaceAll('"', '\\"').replace('T', '$1-$2-$X')}"`,
    'beta.sh': `echo '${answer('{"token":"beta"}', 'v1beta1')}'`,
    'yaml.sh': `printf 'kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1\nstatus:\n  token: yaml\n'`,
    'cert.sh': `echo "${answer('{"clientCertificateData":C,"clientKeyData":K}')
      .replaceAll('"', '\\"')
      .replace('C,', `${pem('alice.crt')},`)
      .replace('K}', `${pem('alice.key')}}`)}"`,
    'half.sh': `echo "${answer('{"token":"x","clientCertificateData":C}')
      .replaceAll('"', '\\"')
      .replace('C}', `${pem('alice.crt')}}`)}"`,
    'nothing.sh': 'true',
    'fails.sh': `echo '${answer('{"token":"x"}')}'; exit 7`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await recording?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** What the servers saw of the first request, and whether it was answered. */
type Outcome = {
  readonly ok: boolean;
  readonly seen: unknown;
  readonly proxy: unknown;
  readonly told: unknown;
};

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome & { readonly why: string }> {
  recording.take();
  await rm(join(folder, 'told'), { force: true });
  const why = await work().then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const { seen, proxies } = recording.take();
  const told: unknown = JSON.parse(await readFile(join(folder, 'told'), 'utf8').catch(() => 'null'));
  return { ok: why === '', seen: seen[0] ?? null, proxy: proxies[0] ?? null, told, why };
}

function flag(args: readonly string[], name: string): readonly string[] {
  return args.flatMap((arg, i) => (arg === name ? [args[i + 1] ?? ''] : []));
}

async function askBoth({ text, args = [], env = {} }: ParityCase) {
  const filled = (from: string) =>
    from.replaceAll(/@([A-Z0-9]+)@/g, (whole, name: string) => values[name] ?? whole);
  const file = join(folder, 'config.yaml');
  await writeFile(file, filled(text));
  const variables: Record<string, string> = {
    HOME: folder,
    KUBERC: 'off',
    PATH: `${folder}:${process.env.PATH}`,
    KUBECONFIG: '',
    HTTPS_PROXY: '',
    HTTP_PROXY: '',
    NO_PROXY: '',
    ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, filled(value)])),
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const by = await outcomeOf(async () => {
    const asked = run(kubectl ?? '', ['--kubeconfig', file, ...args, 'get', '--raw', PATH], {
      env: variables,
      timeout: 60_000,
    });
    asked.child.stdin?.end();
    await asked;
  });
  const here = await outcomeOf(async () => {
    const cluster = await connect({
      kubeconfig: file,
      context: flag(args, '--context')[0],
      as: flag(args, '--as')[0],
      asGroups: flag(args, '--as-group'),
      asUid: flag(args, '--as-uid')[0],
    });
    try {
      await cluster.api.read(POD);
    } finally {
      await cluster.dispose();
    }
  });
  return { by, here };
}

test.skipIf(kubectl === undefined).each(CASES)('as kubectl: $name', async (one) => {
  const { by, here } = await askBoth(one);
  const [{ why: theirs, ...kubectls }, { why: ours, ...sluices }] = [by, here];
  const said = `kubectl: ${theirs}\nsluice: ${ours}`;
  if (one.differs !== undefined) {
    // A failure where kubectl succeeds would not be a difference but a fault.
    expect(sluices.ok, said).toBe(true);
    return;
  }
  if (!kubectls.ok && !sluices.ok) return;
  expect(sluices, said).toEqual(kubectls);
});
