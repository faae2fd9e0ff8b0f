import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { expectRefused } from '../helpers/bad-input.ts';
import { runVerb } from '../helpers/verb.ts';

let folder: string;
let demo: Demo;
/** An id of a grant that stands, so that nothing bad may end it. */
let standing: string;

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  runVerb(
    args.map((arg) => arg.replace('FOLDER', folder)),
    { KUBECONFIG: join(folder, 'kubeconfig'), XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, ...more },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-bad-grants-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
  await writeFile(join(folder, 'file'), 'no flow, no checkpoint\n');
  await mkdir(join(folder, 'broken', 'sluice'), { recursive: true });
  await writeFile(join(folder, 'broken', 'sluice', 'config.yaml'), 'maxWindow: much\n');
  const made = await run([...grant('--for', '1h'), '-o', 'json']);
  standing = /"id":"(\w+)"/.exec(made.text)?.[1] ?? '';
});

afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The arguments of a good grant, of which some are changed, or left out where the value is undefined. */
function grant(...change: readonly (string | undefined)[]): readonly string[] {
  const options = new Map<string, string>([
    ['--from', 'deploy/web'],
    ['--to', 'sts/db'],
    ['--port', '5432/tcp'],
    ['--for', '10s'],
    ['--reason', 'test'],
  ]);
  for (let index = 0; index < change.length; index += 2) {
    const [name = '', value] = change.slice(index, index + 2);
    if (value === undefined) options.delete(name);
    else options.set(name, value);
  }
  return ['grant', '--source', 'probe', ...[...options].flat()];
}

type Case = readonly [args: readonly string[], code: number, says: RegExp];

const GRANT: readonly Case[] = [
  [grant('--from', undefined), 2, /--from <end> is required/],
  [grant('--reason', undefined), 2, /--reason <text> is required/],
  [grant('--from', ''), 2, /"" is not an end of a path/],
  [grant('--from', 'a/b/c/d'), 2, /"a\/b\/c\/d" has too many parts/],
  [grant('--from', 'deploy/'), 2, /"deploy\/" has no name/],
  [grant('--from', 'foo/web'), 1, /Service web found in namespace foo/],
  [grant('--from', 'svc/nothing'), 1, /Service shop\/nothing not found/],
  [grant('--from', '10.0.0.0/8'), 1, /^sluice: 10\.0\.0\.0\/8 holds addresses of pods/],
  [grant('--from', '198.51.100.7/24'), 2, /198\.51\.100\.7\/24" is not the start of a block/],
  [grant('--from', '\u001b[31mweb'), 2, /"␛\[31mweb"/],
  [grant('--to', 'world'), 2, /world as its destination/],
  [grant('--to', '999.1.1.1'), 2, /"999\.1\.1\.1" is not a valid IP/],
  [grant('--to', 'deploy/db'), 1, /Deployment shop\/db has no running pods/],
  [grant('--to', 'sts/dv'), 1, /StatefulSet shop\/dv/],
  [grant('--to', 'db'), 2, /"db" in namespace shop is ambiguous/],
  [grant('--port', 'abc/tcp'), 1, /no port abc\/tcp/],
  [grant('--port', '0/tcp'), 2, /Port 0 is out of range/],
  [grant('--port', '5432/foo'), 2, /"5432\/foo" is not a port/],
  [grant('--port', '8100-8000/tcp'), 2, /"8100-8000\/tcp" ends before it starts/],
  [grant('--port', '1-65535/tcp'), 2, /"1-65535\/tcp" is 65535 ports/],
  [grant('--port', '5432/tcp,x y'), 2, /"x y" is not a port/],
  [grant('--for', '15'), 2, /"15" is not a duration/],
  [grant('--for', '-5m'), 2, /"-5m" is not a duration/],
  [grant('--for', '0s'), 2, /longer than 0s, got "0s"/],
  [grant('--for', '9h'), 2, /"9h" exceeds .* 8h/],
  [grant('--reason', ' \t'), 2, /reason is empty/],
  [grant('--reason', 'x'.repeat(1_025)), 1, /reason has 1025 characters/],
  [grant('--ticket', 'x'.repeat(1_025)), 1, /ticket has 1025 characters/],
  [[...grant(), '-n', 'nowhere'], 1, /Namespace nowhere not found/],
  [[...grant(), '--cut'], 2, /--cut needs --wait/],
  [[...grant(), 'more'], 2, /'grant'.* more/],
  [[...grant(), '--wiat'], 2, /--wiat/],
  [[...grant(), '-o', 'csv'], 2, /"csv"/],
  [[...grant(), '--hubble-server', 'here'], 2, /--hubble-server can't be used with --source probe/],
];

const LIFE: readonly Case[] = [
  [['extend'], 2, /--for <duration> is required/],
  [['extend', 'zzzzzz', '--for', '5m'], 1, /Grant "zzzzzz" not found/],
  [['extend', 'a', 'b', '--for', '5m'], 2, /'extend'.* a, b/],
  [['extend', 'zzzzzz', '--for', 'x'], 2, /"x" is not a duration/],
  [['extend', 'zzzzzz', '--for', '99h'], 2, /"99h" exceeds .* 8h/],
  [['extend', '', '--for', '5m'], 1, /Grant "" not found/],
  [['revoke'], 2, /No grant specified/],
  [['revoke', 'zzzzzz'], 1, /Grant "zzzzzz" not found/],
  [['revoke', '--all', 'zzzzzz'], 2, /--all .* zzzzzz/],
  [['revoke', 'zzzzzz', '-n', 'nowhere'], 1, /Namespace nowhere not found/],
  [['revoke', '\u001b]0;x\u0007'], 1, /Grant "␛\]0;x\\u\{7\}" not found/],
  [['revoke', '--al'], 2, /--al/],
  [['sweep', '--watch', 'zzzzzz'], 2, /--watch can't be used with zzzzzz/],
  [['sweep', 'zzzzzz'], 1, /Leftover "zzzzzz" not found/],
  [['sweep', 'NetworkPolicy/shop/none'], 1, /"NetworkPolicy\/shop\/none" not found/],
  [['sweep', '-n', 'nowhere'], 1, /Namespace nowhere not found/],
  [['sweep', '-o', 'sarif'], 2, /"sarif"/],
];

const PROMOTE: readonly Case[] = [
  [['promote'], 2, /What to promote is missing/],
  [['promote', 'zzzzzz'], 1, /Grant "zzzzzz" not found/],
  [['promote', 'zzzzzz', '--port', '80'], 2, /two ends, got "zzzzzz"/],
  [['promote', 'web', 'db', 'api', '--port', '80'], 2, /got "web db api"/],
  [['promote', 'web', 'sts/db', '--port', '80/x'], 2, /"80\/x" is not a port/],
  [['promote', 'web', 'nothing', '--port', '80'], 1, /nothing found in namespace shop/],
  [['promote', '--from-flows', 'FOLDER/none'], 2, /Unable to read .*none/],
  [['promote', '--from-flows', 'FOLDER/file'], 1, /No Hubble flows found in .*file/],
  [['promote', 'web', 'sts/db', '--port', '80', '--from-flows', 'x'], 2, /--port can't be used/],
  [['promote', 'web', 'sts/db', '--port', '5432', '--kustomize', 'FOLDER/file'], 1, /Unable to read .*file/],
];

const MANIFESTS: readonly Case[] = [
  [['manifests', 'rback'], 2, /"rback"/],
  [['manifests', 'rbac', '--bind', 'operator'], 2, /"operator" is not a role with a group/],
  [['manifests', 'rbac', '--bind', 'opperator=x'], 2, /Unknown role "opperator"/],
  [['manifests', 'rbac', '-n', 'Not It'], 2, /"Not It" is not a namespace/],
  [['manifests', 'rbac', '-o', 'table'], 2, /"table"/],
  [['manifests', 'sweeper', '--image', 'a b'], 2, /"a b" is not the name of an image/],
  [['manifests', 'admission', '--max-duration', '99d'], 2, /"99d" exceeds .* 7d/],
  [['manifests', 'admission', '--reason-pattern', '('], 2, /reason pattern "\(" can't be enforced/],
  [['manifests', 'admission', '--protect', 'a b'], 2, /"a b" is not a namespace to protect/],
  [['manifests', 'admission', '--confine', ' '], 2, /" " is not a group/],
  [['manifests', 'admission', '--kustomize', 'FOLDER/file'], 1, /Unable to read .*file/],
];

const AUDIT: readonly Case[] = [
  [['audit', 'lgo'], 2, /"lgo"/],
  [['audit', 'log', '--type', 'x'], 2, /'x' is invalid/],
  [['audit', 'log', '--cluster', 'zzz'], 1, /Audit log "zzz" not found/],
  [['audit', 'log', '--directory', 'FOLDER/none'], 1, /No audit logs found in .*none/],
  [['audit', 'verify', '--against', 'FOLDER/none'], 2, /Unable to read .*none/],
  [['audit', 'verify', '--against', 'FOLDER/file'], 2, /file has neither a checkpoint nor a public key/],
  [['audit', 'checkpoint', '--since', 'FOLDER/none'], 2, /Unable to read .*none/],
  [['audit', 'checkpoint', '--since', 'FOLDER/file'], 2, /file has no checkpoint/],
  [['audit', 'key', '--cluster', '../x'], 1, /Audit log "\.\.\/x" not found/],
  [['audit', 'export'], 2, /Nothing says what to export/],
  [['audit', 'export', '--since', 'x'], 2, /"x" is neither a time nor a duration/],
  [['audit', 'export', '-o', 'yaml', '--since', '1h'], 2, /"yaml"/],
];

const CASES = [...GRANT, ...LIFE, ...PROMOTE, ...MANIFESTS, ...AUDIT].map(
  (entry) => [JSON.stringify(entry[0].join(' ')).slice(0, 120), ...entry] as const,
);

describe('bad input of the verbs of grants', () => {
  test.each(CASES)('%s: the value, the next step, the exit code', async (_, args, code, says) => {
    const ran = await run(args);
    expectRefused(ran, code, says);
    expect(ran.text).toBe('');
  });

  test('a configuration with a bad limit stops every verb that would write', async () => {
    for (const args of [grant(), ['extend', 'zzzzzz', '--for', '5m'], ['revoke', 'zzzzzz'], ['sweep']])
      expectRefused(await run(args, { XDG_CONFIG_HOME: join(folder, 'broken') }), 2, /maxWindow.*much|much/);
  });

  test('a log that cannot be written stops a grant before anything is changed', async () => {
    const ran = await run(grant('--from', 'deploy/backup'), { XDG_STATE_HOME: join(folder, 'file') });
    expect(ran.code).toBe(1);
    expect(ran.errors).toMatch(/^sluice: .*file.*\.$/m);
    expect(ran.errors).not.toContain('    at ');
  });

  test('none of it has made a grant or ended the one that stands', async () => {
    const { text } = await run(['grants', '-A', '-o', 'json']);
    expect(JSON.parse(text)).toMatchObject([{ id: standing }]);
  });
});
