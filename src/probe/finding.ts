import { isAbort, SluiceError } from '../core/common/common.ts';
import type { ProbeResult } from '../core/ports/ports.ts';

/** The result of one tool's run; `note` is appended to the tool's name. Undefined: inconclusive. */
export type Finding = { readonly outcome: ProbeResult['outcome']; readonly note?: string };

/** How a tool ended: exit code, and stdout and stderr together. */
export type ToolRun = { readonly code: number; readonly text: string };

/**
 * Texts that show the result of an attempt, for all tools measured (PROBE-2); glibc, musl, BusyBox and the interpreters
 * word them differently. The first match wins, because `curl` says "timed out" for names too.
 */
const TEXTS: readonly { readonly pattern: string; readonly finding: Finding }[] = [
  { pattern: 'onnection refused', finding: { outcome: 'refused' } },
  { pattern: 'esolving timed out', finding: { outcome: 'dns-failure', note: 'no response from DNS' } },
  { pattern: 'ould not resolve', finding: { outcome: 'dns-failure' } },
  { pattern: 'unable to resolve', finding: { outcome: 'dns-failure' } },
  { pattern: 'bad address', finding: { outcome: 'dns-failure' } },
  { pattern: 'ame or service not known', finding: { outcome: 'dns-failure' } },
  { pattern: 'ame does not resolve', finding: { outcome: 'dns-failure' } },
  { pattern: 'emporary failure in name resolution', finding: { outcome: 'dns-failure' } },
  { pattern: 'getaddrinfo', finding: { outcome: 'dns-failure' } },
  { pattern: 'host lookup failed', finding: { outcome: 'dns-failure' } },
  { pattern: 'o route to host', finding: { outcome: 'unknown', note: 'no route to host (an ICMP error)' } },
  { pattern: 'unreachable', finding: { outcome: 'unknown', note: 'unreachable (an ICMP error)' } },
  { pattern: 'timed out', finding: { outcome: 'timeout' } },
];

/** The finding for a tool's output. */
export function findingInText(text: string): Finding | undefined {
  return TEXTS.find(({ pattern }) => text.includes(pattern))?.finding;
}

/** The same texts as a shell `case` pattern, to stop trying more tools; they need no escaping beyond the quotes. */
export const STOPPING_TEXTS: string = TEXTS.map(({ pattern }) => `*"${pattern}"*`).join('|');

/** Exit codes of `timeout` when it killed the tool: GNU 124, or 137 by SIGKILL; BusyBox 143 (SIGTERM). */
export function wasCut({ code }: ToolRun): boolean {
  return code === 124 || code === 137 || code === 143;
}

/** Texts of kubelet, containerd, CRI-O and runc for a program that is not in the image. */
const MISSING = /executable file not found|no such file or directory|not found in \$PATH|permission denied/i;

/** Whether a finished exec means that the program is missing, by the codes of sh and the runtimes. */
export function isMissing(answer: { readonly code: number; readonly stderr: string }): boolean {
  return answer.code === 127 || answer.code === 126 || (answer.code !== 0 && MISSING.test(answer.stderr));
}

/** What the API server says when the node's kubelet, or the tunnel to it, does not answer. */
const NO_KUBELET = /error dialing backend|error sending request|no preferred addresses found/;

/**
 * What a failed exec means for the next try: `abort` and `cluster` end the whole attempt (canceled, or the API server is
 * unreachable), `denied` ends it for the namespace, `node` for the pods of this node (no kubelet there), `container` for
 * this container (gone, not running, too slow), `program` for this program only.
 */
export function execFailure(
  error: unknown,
): 'abort' | 'cluster' | 'denied' | 'node' | 'container' | 'program' {
  if (isAbort(error)) return 'abort';
  if (!(error instanceof SluiceError)) return 'container';
  switch (error.code) {
    case 'interrupted':
      return 'abort';
    case 'unauthenticated':
    case 'unreachable':
      return 'cluster';
    case 'forbidden':
      return 'denied';
    default:
      if (NO_KUBELET.test(error.message)) return 'node';
      return MISSING.test(error.message) ? 'program' : 'container';
  }
}
