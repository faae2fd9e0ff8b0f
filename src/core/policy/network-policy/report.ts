/** Takes one reason to refuse: where, and what. */
export type Report = (path: string, what: string) => void;

/** A value that is not what it must be, in the API server's words. */
export function invalid(value: unknown, why: string): string {
  return `Invalid value: ${JSON.stringify(value)}: ${why}`;
}
