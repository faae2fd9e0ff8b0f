import { covers, type IpRange, parseCidr, parseIp } from '../../cluster/ip.ts';
import { type Raw, textOf } from '../../cluster/mapping/raw.ts';
import { invalid, type Report } from './report.ts';

/** A range, and ranges wholly inside it that are left out (NP-21). */
export function checkIpBlock({ cidr, except }: Raw, path: string, report: Report): void {
  if (textOf(cidr) === undefined) {
    report(`${path}.cidr`, 'Required value');
    return;
  }
  const range = checkCidr(String(cidr), `${path}.cidr`, report);
  const holes: readonly unknown[] = Array.isArray(except) ? except : [];
  for (const [index, item] of holes.entries()) {
    const at = `${path}.except[${index}]`;
    const hole = checkCidr(String(item ?? ''), at, report);
    if (range === undefined || hole === undefined) continue;
    if (!covers(range, hole) || (hole.first === range.first && hole.last === range.last)) {
      report(at, invalid(item, 'must be a strict subset of `cidr`'));
    }
  }
}

/**
 * Reports what is no CIDR. Addresses inside their own network, zeros in front and IPv4 written as IPv6 are refused
 * since Kubernetes 1.36 (KEP-4858); what they mean is read all the same.
 */
function checkCidr(text: string, path: string, report: Report): IpRange | undefined {
  const plain = text.replace(/(^|[./])0+(?=\d)/g, '$1');
  const range = parseCidr(plain);
  const mapped = /^::ffff:\d+\.\d+\.\d+\.\d+\/\d+$/i.test(plain);
  if (mapped) report(path, invalid(text, 'must not have an IPv4-mapped IPv6 address'));
  else if (range === undefined) {
    report(path, invalid(text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
  } else if (plain !== text) report(path, invalid(text, 'must not have leading 0s in IP or prefix length'));
  else if (parseIp(plain.split('/')[0] ?? '')?.value !== range.first) {
    report(path, invalid(text, 'must not have bits set beyond the prefix length'));
  }
  return range;
}
