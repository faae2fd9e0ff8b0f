/** Why Cilium, or its CRD's schema, refuses a whole policy. Never leaves this folder. */
export class InvalidRule extends Error {
  override readonly name = 'InvalidRule';
}

/** Refuses the policy that is being read. */
export function refuse(reason: string): never {
  throw new InvalidRule(reason);
}
