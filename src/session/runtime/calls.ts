import type { ApiObject, Pod } from '../../core/cluster/cluster.ts';
import { asSluiceError, isAbort, quoted, shellWord } from '../../core/common/common.ts';
import type { ApiRef, ClusterApi, ConnectProbe, ExecTarget, WriteOptions } from '../../core/ports/ports.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';

/** One thing that was done to the cluster, as the kubectl command that would do it. */
export type LoggedCall = {
  /** Server time, ms. */
  readonly time: number;
  readonly command: string;
  /** The manifest that the command's `-f` names. */
  readonly manifest?: readonly string[];
  readonly outcome: string;
  readonly failed: boolean;
};

/** Receives every call once it has ended. */
export type CallSink = (call: LoggedCall) => void;

/** The calls of a connection, with every write and every dry-run reported. Reads are not: they change nothing. */
export function loggedApi(api: ClusterApi, context: string, sink: CallSink): ClusterApi {
  const report = reporter(api, sink);
  return {
    ...api,
    create: (ref, object, options) =>
      report(
        createLine(context, ref, object, options),
        () => api.create(ref, object, options),
        () => (options?.dryRun === true ? 'would be accepted' : 'created'),
        writeYaml(object).trimEnd().split('\n'),
      ),
    patch: (ref, patch, options) =>
      report(
        kubectl(context, 'patch', [...named(ref), '--type=merge', '-p', JSON.stringify(patch)], options),
        () => api.patch(ref, patch, options),
        () => (options?.dryRun === true ? 'would be accepted' : 'patched'),
      ),
    delete: (ref, options) =>
      report(
        kubectl(
          context,
          'delete',
          [...named(ref), `--cascade=${options.propagation.toLowerCase()}`],
          options,
        ),
        () => api.delete(ref, options),
        (done) => (done === 'gone' ? 'was already gone' : 'deleted'),
      ),
  };
}

/** A probe whose connect tests are reported: each command that it runs in a pod, with what the test found. */
export function loggedProbe(
  probe: ConnectProbe,
  api: ClusterApi,
  context: string,
  sink: CallSink,
): ConnectProbe {
  return {
    connect: async (from: Pod, to, signal) => {
      const lines: string[] = [];
      const noted = (target: ExecTarget, command: readonly string[]) =>
        lines.push(execLine(context, target, command));
      const tell = (outcome: string, failed: boolean) => {
        for (const command of lines) sink({ time: api.clock.now(), command, outcome, failed });
      };
      try {
        const result = await probe.connect(from, to, signal, noted);
        tell(`${result.outcome}, by ${result.how}`, false);
        return result;
      } catch (error) {
        tell(outcomeOf(error), true);
        throw error;
      }
    },
  };
}

function reporter(api: ClusterApi, sink: CallSink) {
  return async <Answer>(
    command: string,
    call: () => Promise<Answer>,
    outcome: (answer: Answer) => string,
    manifest?: readonly string[],
  ): Promise<Answer> => {
    const tell = (text: string, failed: boolean) =>
      sink({
        time: api.clock.now(),
        command,
        outcome: text,
        failed,
        ...(manifest === undefined ? {} : { manifest }),
      });
    try {
      const answer = await call();
      tell(outcome(answer), false);
      return answer;
    } catch (error) {
      tell(outcomeOf(error), true);
      throw error;
    }
  };
}

function outcomeOf(error: unknown): string {
  return isAbort(error) ? 'given up' : asSluiceError(error).message;
}

function createLine(
  context: string,
  { namespace }: Omit<ApiRef, 'name'>,
  { kind, metadata }: ApiObject,
  options: WriteOptions | undefined,
): string {
  const file = `${(kind ?? 'object').toLowerCase()}-${metadata.name}.yaml`;
  return kubectl(context, 'create', [...inNamespace(namespace), '-f', file], options);
}

function execLine(
  context: string,
  { namespace, pod, container }: ExecTarget,
  command: readonly string[],
): string {
  return kubectl(context, 'exec', [...inNamespace(namespace), pod, '-c', container, '--', ...command]);
}

function kubectl(context: string, verb: string, args: readonly string[], options: WriteOptions = {}): string {
  const dryRun = options.dryRun === true ? ['--dry-run=server'] : [];
  return ['kubectl', '--context', context, verb, ...args, ...dryRun].map(shellWord).join(' ');
}

/** `networkpolicies.networking.k8s.io sluice-7f3k -n shop`. */
function named({ group, resource, namespace, name }: ApiRef): readonly string[] {
  return [group === '' ? resource : `${resource}.${group}`, name, ...inNamespace(namespace)];
}

function inNamespace(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : ['-n', namespace];
}

/** The calls as a shell script, with the manifests in it. */
export function callsAsScript(calls: readonly LoggedCall[]): string {
  return calls
    .map(({ time, command, manifest, outcome }) => {
      const head = `# ${new Date(time).toISOString()} ${outcome.replaceAll('\n', ' ')}`;
      if (manifest === undefined) return `${head}\n${command}`;
      const fed = command.replace(/ -f \S+/, ' -f -');
      return `${head}\n${fed} <<${quoted(END)}\n${manifest.join('\n')}\n${END}`;
    })
    .join('\n');
}

/** Ends a manifest in a script: no line of YAML is this. */
const END = 'END_OF_MANIFEST';
