import { SluiceError } from '../core/errors.ts';
import { listAt, textAt } from '../core/json.ts';
import type { Exec } from '../core/ports.ts';
import { safeText } from '../core/safe-text.ts';
import type { About } from './http/about.ts';
import type { ApiClient } from './http/client.ts';
import { createOutput } from './output.ts';
import { kubeConfigOf } from './websocket/kube-config.ts';
import { openSocket } from './websocket/open-socket.ts';

/** The channels of both outputs, and of how the command ended. */
const FROM_POD: readonly number[] = [1, 2, 3];

/** What a shell says for a command that is not there. */
const NOT_FOUND = 127;

type Result = Awaited<ReturnType<Exec>>;

/**
 * Runs commands in containers over a WebSocket (`v5.channel.k8s.io`), without stdin and terminal. Each output is kept
 * up to 1 MiB and sanitized line by line. A command that the container does not have gives 127, as in a shell. Needs
 * the verb `create` on `pods/exec` from 1.35, `get` before (API-11).
 *
 * @throws SluiceError `forbidden`, `not-found` (the pod), `failed` for a time-out or a container that can't be
 *   entered, or the signal's reason
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
        kubeConfigOf(client, within),
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
        `${safeText(command[0] ?? '')} in pod ${safeText(`${namespace}/${pod}`)} did not end in ${timeout / 1_000} s.`,
        'The pod or its node may be overloaded; repeat.',
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
      ? `The connection into pod ${safeText(pod)} broke before the command ended${why === '' ? '' : `: ${why}`}.`
      : `Nothing can be run in pod ${safeText(pod)}: ${message}`,
    'Check that the container runs, then repeat.',
  );
}
