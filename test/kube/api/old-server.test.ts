import { afterEach, expect, test } from 'vitest';
import { UNCONFIRMED } from '../../../src/kube/api/identity.ts';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import {
  failure,
  json,
  type Reply,
  type ScriptedServer,
  scriptedServer,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CERT, TEST_KEY } from '../../helpers/servers/tls-pair.ts';

let server: ScriptedServer;
let cluster: Cluster;

afterEach(async () => {
  await cluster.dispose();
  await server.close();
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const CERTIFICATE = `client-certificate-data: ${base64(TEST_CERT)}, client-key-data: ${base64(TEST_KEY)}`;

/** A server with SelfSubjectReview in only these versions. */
async function serverWith(
  versions: readonly string[],
  user: string,
  { as, tls = true }: { readonly as?: string; readonly tls?: boolean } = {},
): Promise<Cluster> {
  const reply: Reply = ({ path }, response) => {
    const version = path.split('/')[3] ?? '';
    if (versions.includes(version))
      json(response, { status: { userInfo: { username: `from ${version}`, groups: ['g'] } } }, 201);
    else json(response, failure(404, 'NotFound', 'the server could not find the requested resource'), 404);
  };
  server = await scriptedServer(reply, { tls });
  cluster = await connect({ kubeconfig: { text: server.kubeconfig(user) }, as });
  return cluster;
}

test('the newest review version of the server is used', async () => {
  const { api } = await serverWith(['v1beta1', 'v1alpha1'], 'token: x');
  expect(await api.identity()).toEqual({
    username: 'from v1beta1',
    groups: ['g'],
    extra: {},
    uid: undefined,
    impersonating: false,
  });
});

test('without a review, the name comes from the certificate, marked as unconfirmed', async () => {
  const { api } = await serverWith([], CERTIFICATE);
  expect(await api.identity()).toEqual({
    username: 'sluice-test',
    groups: [],
    extra: { [UNCONFIRMED]: ['client certificate'] },
    impersonating: false,
  });
});

test('or from the subject of the token', async () => {
  const claims = Buffer.from('{"sub":"system:serviceaccount:a:b"}').toString('base64url');
  const { api } = await serverWith([], `token: "x.${claims}.y"`);
  expect(await api.identity()).toMatchObject({
    username: 'system:serviceaccount:a:b',
    extra: { [UNCONFIRMED]: ['token'] },
  });
});

test('or from the impersonated user', async () => {
  const { api } = await serverWith([], 'token: x', { as: 'eve' });
  expect(await api.identity()).toMatchObject({ username: 'eve', impersonating: true });
});

test('without any of these it is an error', async () => {
  const { api } = await serverWith([], 'token: opaque');
  await expect(api.identity()).rejects.toMatchObject({ code: 'unsupported' });
});

test('a certificate that is not sent, because the server has no TLS, is not used', async () => {
  const { api } = await serverWith([], CERTIFICATE, { tls: false });
  await expect(api.identity()).rejects.toMatchObject({ code: 'unsupported' });
});
