import { isAbort, SluiceError } from '../core/errors.ts';

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
