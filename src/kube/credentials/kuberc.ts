import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import { listAt, textAt } from '../../core/json.ts';
import { safeText } from '../../core/safe-text.ts';
import { readFirstYaml } from '../../core/yaml/read.ts';
import { textOfBytes } from '../../core/yaml/text-of-bytes.ts';

/**
 * Honours the `credentialPluginPolicy` of kubectl's own preferences (`KUBERC`, else `~/.kube/kuberc`; KEP-3104):
 * `AllowAll`, `DenyAll`, or an `Allowlist` of names or full paths. Without the file everything is allowed.
 *
 * @throws SluiceError `refused` when the policy does not admit the command
 */
export async function pluginAllowed(command: string): Promise<void> {
  if (process.env.KUBERC === 'off') return;
  const path = process.env.KUBERC || join(homedir(), '.kube', 'kuberc');
  const preferences = await readPreferences(path);
  const policy = textAt(preferences, 'credentialPluginPolicy') ?? 'AllowAll';
  if (policy === 'AllowAll') return;
  const listed = listAt(preferences, 'credentialPluginAllowlist')
    .map((item) => textAt(item, 'command') ?? textAt(item, 'name'))
    .some((name) => name === command || (name !== undefined && name === basename(command)));
  if (policy === 'Allowlist' && listed) return;
  throw new SluiceError(
    'refused',
    `The policy ${safeText(policy)} in ${safeText(path)} does not admit the credential plug-in ${safeText(command)}.`,
    'Add it to credentialPluginAllowlist there if you trust it.',
  );
}

async function readPreferences(path: string): Promise<unknown> {
  try {
    return readFirstYaml(textOfBytes(await readFile(path))).value;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SluiceError(
      'config',
      `kubectl's preferences ${safeText(path)} can't be read, so no credential plug-in may run.`,
      'Fix the file, or set KUBERC=off.',
      error,
    );
  }
}
