import { Writable } from 'node:stream';
import { listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Exec } from '../../core/ports/ports.ts';
import type { About, ApiClient } from '../http/http.ts';
import { kubeConfigOf, openSocket } from './open-socket.ts';

/** The channels of stdout, stderr and the final status. */
const FROM_POD: readonly number[] = [1, 2, 3];

/** A shell's exit code for a missing command. */
const NOT_FOUND = 127;

type Result = Awaited<ReturnType<Exec>>;

/**
 * Runs commands in containers over a WebSocket (`v5.channel.k8s.io`), without stdin or a terminal. Each output is kept
 * up to 1 MiB and sanitized line by line. A missing command exits 127, as in a shell. Needs the verb `create` on
 * `pods/exec` since 1.35, `get` before (API-11).
 *
 * @throws SluiceError `forbidden`, `not-found` (the pod), `failed` for a timeout or if exec fails, or the signal's
 *   reason
 */
export function createExec(client: ApiClient): Exec {
  return async (target, command, { signal, timeout }) => {
    const { namespace, pod, container } = target;
    const about: About = {
      verb: 'create',
      group: '',
      resource: 'pods',
      subresource: 'exec',
      namespace,
      name: pod,
    };
    const late = AbortSignal.timeout(timeout);
    const within = AbortSignal.any([signal, late]);
    const stdout = createOutput();
    const stderr = createOutput();
    const ended = Promise.withResolvers<string>();
    let status: unknown;
    try {
      const [{ Exec: PodExec }, config] = await Promise.all([
        import('@kubernetes/client-node/dist/exec.js'),
        kubeConfigOf(client),
      ]);
      const podExec = new PodExec(config, {
        connect: (path, _, take) =>
          openSocket(client, {
            about,
            path,
            protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
            signal: within,
            onMessage: (channel, data) => !FROM_POD.includes(channel) || take?.(channel, data) !== false,
            onClose: ended.resolve,
          }),
      });
      const end = (said: unknown) => {
        status = said;
      };
      const outputs = [stdout.stream, stderr.stream] as const;
      await podExec.exec(namespace, pod, container, [...command], ...outputs, null, false, end);
      const why = await ended.promise;
      signal.throwIfAborted();
      late.throwIfAborted();
      return resultOf(status, stdout.text(), stderr.text(), `${namespace}/${pod}`, why);
    } catch (error) {
      signal.throwIfAborted();
      if (!late.aborted) throw error;
      throw new SluiceError(
        'failed',
        `${safeText(command[0] ?? '')} in pod ${safeText(`${namespace}/${pod}`)} timed out after ${timeout / 1_000}s.`,
        'Try again; the pod or its node may be overloaded.',
        error,
      );
    }
  };
}

function resultOf(status: unknown, stdout: string, stderr: string, pod: string, why: string): Result {
  if (textAt(status, 'status') === 'Success') return { code: 0, stdout, stderr };
  if (textAt(status, 'reason') === 'NonZeroExitCode') {
    const cause = listAt(status, 'details', 'causes').find((item) => textAt(item, 'reason') === 'ExitCode');
    return { code: Number(textAt(cause, 'message') ?? 1), stdout, stderr };
  }
  const message = safeText((textAt(status, 'message') ?? '').replaceAll(/\s+/g, ' ').trim(), 600);
  if (/executable file not found|no such file or directory/.test(message)) {
    return { code: NOT_FOUND, stdout, stderr: stderr === '' ? message : stderr };
  }
  throw new SluiceError(
    'failed',
    status === undefined
      ? `The connection to pod ${safeText(pod)} was lost before the command finished${why === '' ? '' : `: ${why}`}.`
      : `Unable to exec in pod ${safeText(pod)}: ${message}`,
    'Check that the container is running, then try again.',
  );
}

const LIMIT = 1 << 20;

/** The output of a command, up to a limit. */
type Output = {
  /** Receives the output. */
  readonly stream: Writable;
  /** The output as sanitized UTF-8, truncated at the limit; line breaks and tabs are kept. */
  text(): string;
};

function createOutput(limit: number = LIMIT): Output {
  const parts: Buffer[] = [];
  let size = 0;
  const stream = new Writable({
    write: (data: Buffer, _, done) => {
      const part = data.subarray(0, limit - size);
      size += part.length;
      if (part.length > 0) parts.push(part);
      done();
    },
  });
  stream.on('error', () => undefined);
  return {
    stream,
    text: () =>
      Buffer.concat(parts)
        .toString('utf8')
        .split(/(\n|\t)/)
        .map((piece) => (piece === '\n' || piece === '\t' ? piece : safeText(piece, limit)))
        .join(''),
  };
}
