import type { Policy } from './policy.ts';

/**
 * Who manages a policy object, by the marks that tools leave on it: `Helm release payments`, `Argo CD application
 * payments`, `Flux kustomization payments`, or what `app.kubernetes.io/managed-by` says; undefined without a mark.
 */
export function ownerOf({ labels, annotations }: Policy): string | undefined {
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined) return `Helm release ${release}`;
  const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0];
  const application = tracked ?? labels['argocd.argoproj.io/instance'];
  if (application !== undefined) return `Argo CD application ${application}`;
  const kustomization = labels['kustomize.toolkit.fluxcd.io/name'];
  if (kustomization !== undefined) return `Flux kustomization ${kustomization}`;
  const helm = labels['helm.toolkit.fluxcd.io/name'];
  if (helm !== undefined) return `Flux Helm release ${helm}`;
  return labels['app.kubernetes.io/managed-by'];
}
