import { chown, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isScalar, parseDocument } from 'yaml';
import { listAt, textAt } from '../../core/json.ts';

/** The tokens of an `oidc` auth provider, by their fields in a kubeconfig. */
export type Tokens = { readonly 'id-token': string; readonly 'refresh-token': string };

/**
 * Writes renewed tokens over the old ones in the kubeconfig, as kubectl does: an issuer that changes the refresh
 * token takes the old one no more, and kubectl would have to log in again. A token that was not there (`''`) is not
 * added; nothing else in the file changes, by a byte; kubectl's own lock is held meanwhile.
 *
 * @throws Error that says why the file was left as it is
 */
export async function keepTokens(file: string, user: string, before: Tokens, after: Tokens): Promise<void> {
  const path = await realpath(file);
  // As clientcmd does (k8s.io/client-go/tools/clientcmd/loader.go, `lockFile`): whoever comes second does not write.
  const lock = `${file}.lock`;
  await (await open(lock, 'wx', 0o600)).close();
  try {
    const { mode, uid, gid } = await stat(path);
    const text = withTokens(await readFile(path, 'utf8'), user, before, after);
    const fresh = `${path}.${process.pid}`;
    try {
      await writeFile(fresh, text, { mode: mode & 0o777, flag: 'wx' });
      await chown(fresh, uid, gid);
      await rename(fresh, path);
    } finally {
      await rm(fresh, { force: true });
    }
  } finally {
    await rm(lock, { force: true });
  }
}

function withTokens(text: string, user: string, before: Tokens, after: Tokens): string {
  const document = parseDocument(text);
  const index = listAt(document.toJS(), 'users').findIndex((item) => textAt(item, 'name') === user);
  const fields = (['id-token', 'refresh-token'] as const).filter((field) => before[field] !== '');
  const places = fields.map((field) => {
    const node = document.getIn(['users', index, 'user', 'auth-provider', 'config', field], true);
    if (!isScalar(node) || node.value !== before[field] || !node.range || node.type?.startsWith('BLOCK')) {
      throw new Error(`its ${field} is not the one that was read, or not written in one line`);
    }
    const [start, end] = node.range;
    return { start, end, token: JSON.stringify(after[field]) };
  });
  return places
    .toSorted((a, b) => b.start - a.start)
    .reduce((so, { start, end, token }) => so.slice(0, start) + token + so.slice(end), text);
}
