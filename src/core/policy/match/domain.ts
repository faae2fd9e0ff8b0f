import type { Peer } from '../model/policy.ts';

/**
 * Whether a rule that names domains means a DNS name. `*` of Cilium is any characters of one label, `**.` at the
 * start any labels, `*` alone every name (docs `layer3.rst`, matchPattern); `*.` at the start of a
 * ClusterNetworkPolicy's is one or more labels (apis/v1alpha2, DomainName). Case and a final dot don't count.
 */
export function matchesDomain(
  { pattern, identity }: Peer & { readonly type: 'domain' },
  name: string,
): boolean {
  const [wanted, asked] = [plain(pattern), plain(name)];
  if (!wanted.includes('*')) return wanted === asked;
  return (identity === 'cilium' ? ciliumPattern(wanted) : adminPattern(wanted)).test(asked);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function ciliumPattern(pattern: string): RegExp {
  if (pattern === '*') return /^/;
  const any = '(?:[-a-z0-9_]+\\.)*';
  const [start, rest] = pattern.startsWith('**.')
    ? [`${any}[-a-z0-9_]+\\.`, pattern.slice(3)]
    : ['', pattern];
  return new RegExp(`^${start}${escaped(rest).replaceAll('*', '[-a-z0-9_]*')}$`);
}

function adminPattern(pattern: string): RegExp {
  return new RegExp(`^${escaped(pattern).replace(/^\*\\\./, '(?:[-a-z0-9_]+\\.)+')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
