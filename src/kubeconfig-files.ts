import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { homeFolder } from './home-folder.ts';

/** The kubeconfig files where none is given, as for kubectl: those of `KUBECONFIG`, or `~/.kube/config`. */
export function kubeconfigFiles(): readonly string[] {
  const listed = (process.env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(homeFolder(), '.kube', 'config')];
}

/**
 * Whether a file may name a credential plug-in, told by its bytes alone: what reads kubeconfigs takes a quarter of the
 * time to the first frame to load. Never rejects.
 */
export async function mayNamePlugin(paths: readonly string[]): Promise<boolean> {
  const contents = await Promise.all(paths.map((path) => readFile(path).catch(() => undefined)));
  return contents.some((bytes) => bytes !== undefined && (bytes.includes('exec') || bytes.includes(0)));
}
