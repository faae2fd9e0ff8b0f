import { readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SluiceError } from '../core/common/common.ts';
import { homeFolder } from '../home-folder.ts';
import { dayFiles, isMissingFile } from './files.ts';
import { readHead } from './tail.ts';

/**
 * Where logs are kept: `$XDG_STATE_HOME/sluice/audit`, else `~/.local/state/sluice/audit`. A relative XDG path is
 * ignored, as the XDG specification requires.
 */
export function auditRoot(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const state = env.XDG_STATE_HOME;
  const base = state !== undefined && isAbsolute(state) ? state : join(homeFolder(), '.local', 'state');
  return join(base, 'sluice', 'audit');
}

/** The directory of one cluster's log. Throws `bug` for a name that could escape the root. */
export function logDirectory(root: string, cluster: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(cluster)) {
    throw new SluiceError('bug', `Invalid directory name ${JSON.stringify(cluster)}.`, 'Report this bug.');
  }
  return join(root, cluster);
}

/** The logs below a root, by name; none if the root does not exist. */
export async function listAuditLogs(
  root: string,
): Promise<readonly { readonly cluster: string; readonly path: string }[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ cluster: name, path: join(root, name) }))
      .sort((a, b) => (a.cluster < b.cluster ? -1 : 1));
  } catch (error) {
    if (isMissingFile(error)) return [];
    throw new SluiceError('failed', `Unable to read ${root}.`, 'Check its owner and permissions.', error);
  }
}

/** Whether a directory is the log of one cluster: it has a head, or records. */
export async function isAuditLog(directory: string): Promise<boolean> {
  const [head, files] = await Promise.all([
    readHead(directory).catch(() => 'broken' as const),
    dayFiles(directory).catch(() => []),
  ]);
  return head !== 'missing' || files.length > 0;
}
