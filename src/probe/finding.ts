import { isAbort, SluiceError } from '../core/common/common.ts';
import type { ProbeResult } from '../core/ports/ports.ts';

/** What one tool's run shows; `note` is put behind the tool's name. Undefined: the run shows nothing. */
export type Finding = { readonly outcome: ProbeResult['outcome']; readonly note?: string };

/** How a tool ended: exit code, and stdout and stderr together. */
export type ToolRun = { readonly code: number; readonly text: string };

/**
 * Texts that tell how an attempt went, over all tools measured (PROBE-2); glibc, musl, BusyBox and the interpreters
 * word them differently. The first that matches counts: `curl` says "timed out" of names too.
 */
const TEXTS: readonly { readonly pattern: string; readonly finding: Finding }[] = [
  { pattern: 'onnection refused', finding: { outcome: 'refused' } },
  { pattern: 'esolving timed out', finding: { outcome: 'dns-failure', note: 'no answer from DNS' } },
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

/** The finding that a tool's words stand for. */
export function findingInText(text: string): Finding | undefined {
  return TEXTS.find(({ pattern }) => text.includes(pattern))?.finding;
}

/** The same texts for a shell's `case`, to stop trying further tools; nothing in them needs more than the quotes. */
export const STOPPING_TEXTS: string = TEXTS.map(({ pattern }) => `*"${pattern}"*`).join('|');

/** Exit codes of `timeout` when it had to end the tool: GNU 124, or 137 by SIGKILL; BusyBox 143 (SIGTERM). */
export function wasCut({ code }: ToolRun): boolean {
  return code === 124 || code === 137 || code === 143;
}

/** Texts of kubelet, containerd, CRI-O and runc for a program that the image does not have. */
const MISSING = /executable file not found|no such file or directory|not found in \$PATH|permission denied/i;

/** Whether a finished exec says that the program is not there: the codes of sh and of the runtimes. */
export function isMissing(answer: { readonly code: number; readonly stderr: string }): boolean {
  return answer.code === 127 || answer.code === 126 || (answer.code !== 0 && MISSING.test(answer.stderr));
}

/**
 * What a failed exec means for the next try: `abort` and `cluster` end the whole attempt (nobody wants it any more, or
 * the API server is away), `denied` ends it for the namespace, `container` for this container (gone, not running, too
 * slow), `program` for this program only.
 */
export function execFailure(error: unknown): 'abort' | 'cluster' | 'denied' | 'container' | 'program' {
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
      return MISSING.test(error.message) ? 'program' : 'container';
  }
}
