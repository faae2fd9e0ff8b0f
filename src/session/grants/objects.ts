import type { ApiRef } from '../../core/ports.ts';

/** The two collections that a grant lives in. */
export const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
export const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' } as const;

export function jobRef(namespace: string, name: string): ApiRef {
  return { ...JOBS, namespace, name };
}

export function policyRef(namespace: string, name: string): ApiRef {
  return { ...POLICIES, namespace, name };
}
