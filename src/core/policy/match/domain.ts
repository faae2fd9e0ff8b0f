/**
 * Whether a domain name of a ClusterNetworkPolicy holds a DNS name: `*.` at the start is one or more labels
 * (apis/v1alpha2, DomainName). Case and a final dot don't count.
 */
export function matchesAdminDomain(pattern: string, name: string): boolean {
  return matchesDomain(
    pattern,
    name,
    (wanted) => new RegExp(`^${escaped(wanted).replace(/^\*\\\./, '(?:[-a-z0-9_]+\\.)+')}$`),
  );
}

/** Whether a pattern holds a DNS name; `expression` says what its stars mean. */
export function matchesDomain(
  pattern: string,
  name: string,
  expression: (pattern: string) => RegExp,
): boolean {
  const [wanted, asked] = [plain(pattern), plain(name)];
  return wanted.includes('*') ? expression(wanted).test(asked) : wanted === asked;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** A text as a regular expression of itself, its stars left alone. */
export function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
