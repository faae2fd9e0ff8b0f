/* Kubeconfig files, merged and resolved by kubectl's rules into cluster, user and context. */

export type { ClusterEntry } from './cluster-entry.ts';
export { isUnsendable } from './fields.ts';
export { type KubeconfigSource, loadKubeconfig } from './kubeconfig.ts';
export { certificatesIn, type Pair, pairProblem, whyUnread } from './material.ts';
export { chooseTarget, type Target } from './target.ts';
export type { ExecPlugin, Impersonation, PluginSurroundings, UserEntry } from './user-entry.ts';
