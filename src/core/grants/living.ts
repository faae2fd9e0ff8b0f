import { several, shellWord } from '../common/common.ts';
import type { LivingConnection } from '../ports/ports.ts';

/** How many connections a sentence names. */
const NAMED = 3;

/** `web-1 10.0.0.5:40000 → 10.0.0.9:5432/tcp`: a connection by its pod and the ends of its socket. */
export function livingText({ pod, protocol, local, remote }: LivingConnection): string {
  return `${pod.name} ${endText(local)} → ${endText(remote)}/${protocol.toLowerCase()}`;
}

/** `2 established connections stay open: …`, with the first of them. */
export function livingSummary(living: readonly LivingConnection[]): string {
  const what = living.length === 1 ? 'connection stays' : 'connections stay';
  return `${living.length} established ${what} open: ${several(living.map(livingText), NAMED)}`;
}

/**
 * The words of `ss` that end one connection, in the network of its pod. The kernel lets only those with CAP_NET_ADMIN
 * there do so (ENF-20).
 */
export function cutWords({ protocol, local, remote }: LivingConnection): readonly string[] {
  const ends = ['dst', remote.ip, 'dport', '=', `:${remote.port}`, 'sport', '=', `:${local.port}`];
  return ['ss', '-K', '-n', protocol === 'UDP' ? '-u' : '-t', ...ends];
}

/** A command line that ends one connection from an ephemeral container with that right, for whoever may make one. */
export function cutCommand(living: LivingConnection): string {
  const { namespace, name } = living.pod;
  const debug = [
    'kubectl',
    'debug',
    '-n',
    namespace,
    name,
    '-it',
    '--profile=netadmin',
    '--image=IMAGE',
    '--',
  ];
  return [...debug, ...cutWords(living)].map(shellWord).join(' ');
}

function endText({ ip, port }: LivingConnection['local']): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
