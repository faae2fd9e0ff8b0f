import { chmod, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { responderRules } from '../../../src/demo/api/access.ts';
import { type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { SHOP } from '../../helpers/manifest-folder.ts';
import {
  failure,
  json,
  type Reply,
  type ScriptedServer,
  scriptedServer,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CERT } from '../../helpers/servers/tls-pair.ts';
import { runVerb } from '../../helpers/verb.ts';

let live: LiveDemo;
let folder: string;
let server: ScriptedServer | undefined;

beforeAll(async () => {
  live = await startLiveDemo();
  folder = dirname(live.auditPath);
  await writeFile(join(folder, 'kubeconfig'), live.demo.kubeconfig, { mode: 0o600 });
  await writeFile(join(folder, 'all.yaml'), SHOP);
});

afterEach(async () => {
  await server?.close();
  server = undefined;
});

afterAll(() => live.dispose());

/** The completions of a line whose last word is being typed; `$` is the directory of the test. */
async function offered(line: string, kubeconfig = 'kubeconfig') {
  const words = line.split(' ').map((word) => word.replace('$', folder));
  const { code, text, errors } = await runVerb(['__complete', ...words], {
    KUBECONFIG: join(folder, kubeconfig),
    HOME: folder,
    XDG_CONFIG_HOME: folder,
  });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const lines = text.split('\n');
  expect(lines.pop()).toBe(':4');
  return lines.map((text) => text.split('\t')[0]);
}

describe('names of the cluster', () => {
  test('ends are workloads, Services and pods of the namespace', async () => {
    const found = await offered('explain ');
    expect(found).toEqual(expect.arrayContaining(['deploy/web', 'sts/db', 'svc/db', 'db-0']));
    expect(found).not.toContain('sts/prometheus');
    // A finished pod is no end of a path.
    expect(found.filter((name) => name?.startsWith('migrate'))).toEqual([]);
  });

  test.each([
    ['explain deploy/web st', ['sts/cache', 'sts/db']],
    ['explain web sts/db ', []],
    ['explain -n monitoring sts/', ['sts/prometheus']],
    ['explain --namespace=monitoring sts/', ['sts/prometheus']],
    ['explain monitoring/d', ['monitoring/deploy/grafana']],
    ['explain monitoring/svc/', ['monitoring/svc/grafana', 'monitoring/svc/prometheus']],
    ['explain monitoring/Service/g', ['monitoring/Service/grafana']],
    ['explain statefulset/', ['statefulset/cache', 'statefulset/db']],
    ['explain pod/db', ['pod/db-0']],
    ['explain nowhere/', []],
    ['explain --batch - ', []],
    ['grant --from deploy/w', ['deploy/web']],
    ['grant --to=sts/d', ['sts/db']],
    ['flows --to shop/sts/d', ['shop/sts/db']],
    ['flows -n sh', ['shop']],
    ['explain web sts/db --port ', ['5432/tcp']],
    ['explain web svc/web --port=', ['80/tcp']],
    ['grant --to monitoring/sts/prometheus --port ', ['9090/tcp']],
    ['flows --port 54', ['5432/tcp']],
    ['flows --to nothing --port 54', ['5432/tcp']],
    ['grants --namespace=mon', ['monitoring']],
    ['--kubeconfig $/kubeconfig --context demo -n kube-s', ['kube-system']],
    ['--kubeconfig ~/kubeconfig -n sh', ['shop']],
    ['--context other -n sh', []],
    ['flows --hubble-namespace kube-s', ['kube-system']],
  ])('after "%s"', async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });

  test('revoke and extend offer the ids of active grants, each once', async () => {
    const { id } = await live.open({ seconds: 600 });
    expect(await offered('revoke ')).toEqual([id]);
    expect(await offered(`extend ${id.slice(0, 2)}`)).toEqual([id]);
    expect(await offered(`revoke ${id} `)).toEqual([]);
    expect(await offered('revoke -n monitoring ')).toEqual([]);
    await live.runtime.keeper.revoke([id]);
  });

  test('promote offers grants and ends, and ends alone once it is a path', async () => {
    const { id } = await live.open({ seconds: 600 });
    const lines: readonly (readonly [string, readonly string[]])[] = [
      [`promote ${id.slice(0, 2)}`, [id]],
      ['promote deploy/w', ['deploy/web']],
      ['promote --port 5432 sts/', ['sts/cache', 'sts/db']],
      [`promote --port 5432 ${id.slice(0, 2)}`, []],
      ['promote deploy/web sts/db --port ', ['5432/tcp']],
      [`promote ${id} web x`, []],
      ['promote --from-flows f sts/', []],
    ];
    // Completion gives up early on a busy machine, and is asked again.
    for (const [line, expected] of lines) {
      await eventually(async () => expect(await offered(line)).toEqual(expected));
    }
    await live.runtime.keeper.revoke([id]);
  });

  test('sweep offers what is left, and no grant that lives', async () => {
    const { id, halves } = await live.open({ seconds: 600 });
    expect(await offered('sweep ')).toEqual([]);
    live.demo.faults.suspend('shop', halves[0]?.lease?.name ?? '');
    expect(await offered('sweep ')).toEqual([id]);
    expect(await offered(`sweep ${id} `)).toEqual([]);
    await live.runtime.keeper.revoke([id]);
  });

  test('with --manifests, names come from the manifests, without a cluster', async () => {
    expect(await offered('explain --manifests $/all.yaml -n shop -- sts/', 'none')).toEqual(['sts/db']);
    expect(await offered('explain --manifests $/all.yaml --port 80 shop/s', 'none')).toEqual([
      'shop/sts/db',
      'shop/svc/db',
    ]);
    expect(await offered('explain --manifests - --port 80 s', 'none')).toEqual([]);
  });

  test('who may see one namespace only gets the names of that', async () => {
    const user = live.demo.faults.addUser({ username: 'confined', rules: responderRules(['shop']) });
    await writeFile(join(folder, 'confined'), user);
    expect(await offered('explain sts/', 'confined')).toEqual(['sts/cache', 'sts/db']);
    expect(await offered('explain monitoring/', 'confined')).toEqual([]);
    expect(await offered('revoke ', 'confined')).toEqual([]);
    expect(await offered('-n ', 'confined')).toEqual([]);
  });
});

describe('completion is silent, whatever the cluster does', () => {
  async function against(reply: Reply, user = '', tls = false): Promise<ScriptedServer> {
    server = await scriptedServer(reply, { tls });
    await writeFile(join(folder, 'scripted'), server.kubeconfig(user));
    return server;
  }

  const LINES = ['explain ', '-n ', 'revoke '] as const;

  test.each(LINES)('it refuses: "%s"', async (line) => {
    await against((_, response) => json(response, failure(403, 'Forbidden', 'no'), 403));
    expect(await offered(line, 'scripted')).toEqual([]);
  });

  test.each(LINES)('it is broken: "%s"', async (line) => {
    await against((_, response) => void response.writeHead(200).end('<html>'));
    expect(await offered(line, 'scripted')).toEqual([]);
  });

  test.each(LINES)('it never answers: "%s"', async (line) => {
    const { requests } = await against(() => undefined);
    expect(await offered(line, 'scripted')).toEqual([]);
    expect(requests.length).toBeGreaterThan(0);
  });

  test.each(LINES)('it is not there: "%s"', async (line) => {
    await against(() => undefined);
    await server?.close();
    server = undefined;
    expect(await offered(line, 'scripted')).toEqual([]);
    expect(await offered(line, 'none')).toEqual([]);
  });

  test('names that a terminal would obey are left out', async () => {
    await against((_, response) =>
      json(response, {
        apiVersion: 'v1',
        kind: 'NamespaceList',
        metadata: {},
        items: ['good', 'bad\u001b[2J', 'two\nlines', 'tab\tbed'].map((name) => ({ metadata: { name } })),
      }),
    );
    expect((await offered('-n ', 'scripted')).filter((name) => /\p{Cc}/u.test(name ?? ''))).toEqual([]);
    expect(await offered('-n g', 'scripted')).toEqual(['good']);
  });

  /** A user whose credential plug-in leaves a file behind when it runs. */
  async function plugin(interactiveMode: string): Promise<string> {
    const path = join(folder, 'login');
    await writeFile(
      path,
      `#!/bin/sh
touch ${folder}/ran
if (: >/dev/tty) 2>/dev/null || [ -t 0 ]; then touch ${folder}/has-terminal; fi
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}'
`,
    );
    await chmod(path, 0o755);
    return `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${path}, interactiveMode: ${interactiveMode}}`;
  }

  const namespaces = {
    apiVersion: 'v1',
    kind: 'NamespaceList',
    metadata: {},
    items: [{ metadata: { name: 'a' } }],
  };

  test('a plug-in that needs a terminal is not run', async () => {
    await against((_, response) => json(response, namespaces), await plugin('Always'), true);
    expect(await offered('-n ', 'scripted')).toEqual([]);
    expect(await readdir(folder)).not.toContain('ran');
  });

  test('one that does not need it has none', async () => {
    await against((_, response) => json(response, namespaces), await plugin('IfAvailable'), true);
    expect(await offered('-n ', 'scripted')).toEqual(['a']);
    expect(await readdir(folder)).toContain('ran');
    expect(await readdir(folder)).not.toContain('has-terminal');
  });

  test('an expired login is not renewed', async () => {
    const expired = `e30.${Buffer.from('{"exp":1}').toString('base64url')}.x`;
    const { requests, url } = await against(() => undefined, '', true);
    const ca = `idp-certificate-authority-data: ${Buffer.from(TEST_CERT).toString('base64')}`;
    const user = `auth-provider: {name: oidc, config: {idp-issuer-url: '${url}', client-id: c, refresh-token: r, id-token: ${expired}, ${ca}}}`;
    await writeFile(join(folder, 'scripted'), server?.kubeconfig(user) ?? '');
    expect(await offered('-n ', 'scripted')).toEqual([]);
    expect(requests).toEqual([]);
  });
});
