import { covers, type IpRange, parseCidr, parseIp } from '../../cluster/ip.ts';
import { type FieldError, fieldErrors } from '../../cluster/validation/field-error.ts';
import { listAt, textAt } from '../../json.ts';

/** What is wrong with a range and the ranges left out of it, which must lie wholly inside (`ValidateIPBlock`). */
export function ipBlockFaults(block: unknown, field: string): readonly FieldError[] {
  const cidr = textAt(block, 'cidr') ?? '';
  if (cidr === '') return [fieldErrors.required(`${field}.cidr`)];
  const whole = readCidr(cidr);
  return [
    ...faultsAt(`${field}.cidr`, cidr, whole.why),
    ...listAt(block, 'except').flatMap((item, i) => {
      const part = readCidr(String(item));
      const isOutside =
        whole.range !== undefined && part.range !== undefined && !isStrictSubset(part.range, whole.range);
      return [
        ...faultsAt(`${field}.except[${i}]`, item, part.why),
        ...faultsAt(
          `${field}.except[${i}]`,
          item,
          isOutside ? 'must be a strict subset of `cidr`' : undefined,
        ),
      ];
    }),
  ];
}

function faultsAt(field: string, value: unknown, why: string | undefined): readonly FieldError[] {
  return why === undefined ? [] : [fieldErrors.invalid(field, value, why)];
}

function isStrictSubset(inner: IpRange, outer: IpRange): boolean {
  return covers(outer, inner) && !covers(inner, outer);
}

/**
 * A CIDR, and why it is refused. Addresses inside their own network, zeros in front and IPv4 written as IPv6 are
 * refused since Kubernetes 1.36 (KEP-4858); what the first two mean is compared all the same.
 */
function readCidr(text: string): { readonly range: IpRange | undefined; readonly why: string | undefined } {
  const plain = text.replace(/(^|[.:/])0+(?=\d+\.)|([./])0+(?=\d)/g, '$1$2');
  const [address = '', bits = ''] = plain.split('/');
  const ip = parseIp(address);
  const isMapped = address.includes(':') && ip?.family === 4 && /^\d{1,3}$/.test(bits) && Number(bits) <= 128;
  const range = parseCidr(plain);
  return { range, why: why() };

  function why(): string | undefined {
    if (range === undefined && !isMapped) {
      return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    }
    if (plain !== text) return 'must not have leading 0s in IP or prefix length';
    if (isMapped) return 'must not have an IPv4-mapped IPv6 address';
    return ip?.value === range?.first ? undefined : 'must not have bits set beyond the prefix length';
  }
}
