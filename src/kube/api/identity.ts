import { X509Certificate } from 'node:crypto';
import type { V1SelfSubjectReview } from '@kubernetes/client-node';
import { at, isRecord, listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Identity } from '../../core/ports/ports.ts';
import type { Impersonation } from '../config/config.ts';
import { type ApiClient, ApiError, type Credential, type Credentials } from '../http/http.ts';

/** The `extra` key of an identity that the server did not confirm; the value says where it was read instead. */
export const UNCONFIRMED = 'sluice.dev/unconfirmed';

const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'];

/**
 * The caller's identity per the server: SelfSubjectReview, v1 since 1.28. If the server lacks it (before 1.26, or
 * without the feature gate), the subject of the client certificate or token is used, marked in `extra` under
 * `UNCONFIRMED`.
 *
 * @throws SluiceError `unsupported` when neither gives a name
 */
export async function askIdentity(
  client: ApiClient,
  credentials: Credentials,
  impersonate: Impersonation | undefined,
  signal?: AbortSignal,
): Promise<Identity> {
  for (const version of VERSIONS) {
    const info = await review(client, version, signal);
    if (info !== undefined) return { ...info, impersonating: impersonate !== undefined };
  }
  if (impersonate !== undefined) return { ...whoOf(impersonate), impersonating: true };
  const own = ownClaim(await credentials.get(signal));
  if (own !== undefined) return { ...own, impersonating: false };
  throw new SluiceError(
    'unsupported',
    'Unable to determine your username: the server does not support SelfSubjectReview, and the kubeconfig has no client certificate or JWT.',
    'Use Kubernetes 1.28 or later, or a client certificate: the audit log needs a name.',
  );
}

type Who = Omit<Identity, 'impersonating'>;

async function review(client: ApiClient, version: string, signal?: AbortSignal): Promise<Who | undefined> {
  const apiVersion = `authentication.k8s.io/${version}`;
  try {
    const { value } = await client.call({
      about: { verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
      method: 'POST',
      path: `/apis/${apiVersion}/selfsubjectreviews`,
      body: { apiVersion, kind: 'SelfSubjectReview' } satisfies V1SelfSubjectReview,
      repeatable: true,
      signal,
    });
    const username = textAt(value, 'status', 'userInfo', 'username');
    if (username === undefined) return undefined;
    const uid = textAt(value, 'status', 'userInfo', 'uid');
    return {
      username: safeText(username),
      ...(uid === undefined ? {} : { uid: safeText(uid) }),
      groups: texts(listAt(value, 'status', 'userInfo', 'groups')),
      extra: extraOf(at(value, 'status', 'userInfo', 'extra')),
    };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function extraOf(value: unknown): Identity['extra'] {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.keys(value).map((key) => [safeText(key), texts(listAt(value, key))] as const),
  );
}

function texts(list: readonly unknown[]): readonly string[] {
  return list.flatMap((item) => (typeof item === 'string' ? [safeText(item)] : []));
}

function whoOf(who: Impersonation): Who {
  return {
    username: safeText(who.user),
    groups: who.groups.map((group) => safeText(group)),
    extra: { [UNCONFIRMED]: ['impersonation headers'] },
  };
}

/** The CN and O of a certificate, or the subject of a token, not confirmed by the server. */
function ownClaim(credential: Credential): Who | undefined {
  if (credential.cert !== undefined) {
    const fields = new X509Certificate(credential.cert).subject.split('\n');
    const all = (name: string) =>
      fields
        .filter((field) => field.startsWith(`${name}=`))
        .map((field) => safeText(field.slice(name.length + 1)));
    const [username] = all('CN');
    if (username !== undefined)
      return { username, groups: all('O'), extra: { [UNCONFIRMED]: ['client certificate'] } };
  }
  const token = credential.authorization?.replace(/^Bearer /, '') ?? '';
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const subject = textAt(claims, 'sub');
  return subject === undefined
    ? undefined
    : { username: safeText(subject), groups: [], extra: { [UNCONFIRMED]: ['token'] } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
