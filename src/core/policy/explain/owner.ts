import type { Policy } from '../model/policy.ts';

/** Tools that write for a person at a keyboard: their name tells nothing that helps. */
const HANDS = /^(?:kubectl|before-first-apply|curl|Mozilla)/;

/**
 * Who manages a policy object, in a phrase: by the marks that tools leave on it (Helm, Argo CD, Flux), by its owner,
 * by `app.kubernetes.io/managed-by`, by who wrote its spec; undefined where nothing tells.
 */
export function managedBy(policy: Policy): string | undefined {
  const tool = toolOf(policy);
  if (tool !== undefined) return `managed by ${tool}`;
  const { owner, manager } = policy.origin ?? {};
  if (owner !== undefined) return `owned by ${owner}`;
  return manager === undefined || HANDS.test(manager) ? undefined : `last written by ${manager}`;
}

function toolOf({ labels, annotations }: Policy): string | undefined {
  const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0];
  const application = tracked ?? labels['argocd.argoproj.io/instance'];
  if (application !== undefined) return `Argo CD application ${application}`;
  const kustomization = labels['kustomize.toolkit.fluxcd.io/name'];
  if (kustomization !== undefined) return `Flux kustomization ${kustomization}`;
  const helm = labels['helm.toolkit.fluxcd.io/name'];
  if (helm !== undefined) return `Flux Helm release ${helm}`;
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined) return `Helm release ${release}`;
  return labels['app.kubernetes.io/managed-by'];
}
