import { wireRoot } from '../wire/root.ts';

/**
 * Texts of the datapath's monitor where they say more than the enum's name, or something else: 136 and 161 are misnamed
 * in the enum, 206 is missing there (HUB-11).
 */
const MONITOR: ReadonlyMap<number, string> = new Map([
  [133, 'Policy denied'],
  [136, 'Fragmentation needed'],
  [151, 'Stale or unroutable IP'],
  [158, 'Service backend not found'],
  [161, 'NAT 46/64 not enabled'],
  [181, 'Policy denied by denylist'],
  [189, 'Authentication required'],
  [202, 'Host datapath not ready'],
  [203, 'Endpoint policy program not ready'],
  [206, 'No device'],
]);

const ACRONYM = /^(ct|ip|nat|snat|fib|tcp|edt|vlan|vni|ttl|sid|igmp|dsr|lb|mac|tc|id|l[234]|nat46|nat64)$/;

const known = new Map<number, { readonly code: number; readonly text: string }>();

/** The reason with the text to show: the monitor's, else the enum's name in words, else the number. */
export function dropReasonOf(code: number): { readonly code: number; readonly text: string } {
  let reason = known.get(code);
  if (reason === undefined) {
    reason = { code, text: MONITOR.get(code) ?? nameOf(code) };
    known.set(code, reason);
  }
  return reason;
}

function nameOf(code: number): string {
  const name = wireRoot().lookupEnum('flow.DropReason').valuesById[code];
  if (name === undefined) return `Reason ${code}`;
  const words = name
    .replace(/^DROP_/, '')
    .toLowerCase()
    .split('_')
    .map((word) => word.replace(/^(ipv[46]|icmpv[46]|srv6)$/, capitalised).replace(ACRONYM, upper));
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function upper(word: string): string {
  return word.toUpperCase();
}

function capitalised(word: string): string {
  return word.toUpperCase().replace('V', 'v');
}
