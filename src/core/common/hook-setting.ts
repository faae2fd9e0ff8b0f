/** What hooks may be told of, in the order of a grant's life. */
export const HOOK_EVENTS = [
  'requested',
  'approved',
  'refused',
  'granted',
  'opened',
  'expiring',
  'extended',
  'drifted',
  'ended',
  'unproven',
  'failed',
] as const;

export type HookEvent = (typeof HOOK_EVENTS)[number];

/** A program and its arguments. */
export type ProgramArguments = readonly [string, ...string[]];

/** Where a secret is. It is read when it is needed, and never kept. */
export type SecretPlace = { readonly file: string } | { readonly env: string };

/** A program, or an address on the web, that is told of grants. */
export type Hook = {
  readonly on: readonly HookEvent[];
} & (
  | { readonly exec: ProgramArguments; readonly webhook?: never }
  | { readonly webhook: string; readonly secret?: SecretPlace; readonly exec?: never }
);
