/* Kubeconfig files merged and resolved by kubectl's rules: the cluster, the user, the context. */

export type { ClusterEntry } from './cluster-entry.ts';
export { type KubeconfigSource, loadKubeconfig } from './kubeconfig.ts';
export { chooseTarget, type Target } from './target.ts';
export type { ExecPlugin, Impersonation, PluginSurroundings, UserEntry } from './user-entry.ts';
