import { safeText } from '../../core/safe-text.ts';
import type { Flow } from '../../core/traffic/flow.ts';
import type { DecodedLayer7 } from '../wire/decoded.ts';

const RESPONSE = 2;

/** Answers of a DNS server that have a name of their own (RFC 1035 §4.1.1). */
const RCODES: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED' };

/**
 * What a request asked, in a few words: `GET /items`, `A api.example.com NXDOMAIN`. The query of a URL is left out,
 * it may hold secrets.
 */
export function layer7Of({ type, http, dns }: DecodedLayer7): NonNullable<Flow['l7']> {
  if (http !== null) {
    const text = safeText(`${http.method} ${pathOf(http.url)}`.trim());
    return { type: 'HTTP', text, ...(http.code === 0 ? {} : { code: http.code }) };
  }
  if (dns !== null) {
    const answered = type === RESPONSE;
    const asked = [dns.qtypes.join(','), dns.query.replace(/\.$/, '')];
    if (answered && dns.rcode !== 0) asked.push(RCODES[dns.rcode] ?? `RCODE ${dns.rcode}`);
    return {
      type: 'DNS',
      text: safeText(asked.filter((part) => part !== '').join(' ')),
      ...(answered ? { code: dns.rcode } : {}),
    };
  }
  return { type: 'L7', text: '' };
}

function pathOf(url: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
  const path = url.slice(start).replace(/[?#].*$/s, '');
  return path === '' && start > 0 ? '/' : path;
}
