import { type Command, Option } from 'commander';
import { ENFORCER_NAMES, parseEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import { collect, type VerbContext, withFormats } from '../shared/shared.ts';

/** Declares a verb with the global options. */
export type DeclareVerb = (name: string, about: string) => Command;

/** Wraps the work of a verb into an action that reports errors and sets the exit code. */
export type RunVerb = (
  work: (context: VerbContext, command: Command) => Promise<number>,
) => (this: Command) => Promise<void>;

/** Declares the verbs that evaluate policies of a cluster or of manifests. */
export function declareOffline(verb: DeclareVerb, run: RunVerb): void {
  withPolicyOptions(
    verb('explain', 'explain whether FROM can reach TO, and why; the exit code is the verdict')
      .argument(
        '[from]',
        'source: [ns/]name, [ns/]kind/name, node/name, IP address, CIDR, world, host, remote-node, kube-apiserver, cluster, localhost or DNS name',
      )
      .argument('[to]', 'destination, in the same format')
      .option('--port <port/protocol>', 'destination port, such as 5432/tcp, tcp/8000-8100, http or icmp/8')
      .option('--with <file...>', 'also show the verdict with these policies added')
      .option(
        '--without <kind/ns/name>',
        'also show the verdict with this policy removed, may be repeated',
        collect,
      )
      .option('--batch <file>', 'evaluate a file of paths, one JSON object per line; - is stdin'),
  ).action(
    run(async (context, command) => {
      const { explain } = await import('./explain.ts');
      return explain(context, command.args, command.opts());
    }),
  );

  withFormats(withPolicyOptions(verb('matrix', 'list all pairs that can talk, by workload and port range')), [
    'table',
    'json',
    'csv',
    'dot',
    'connlist',
  ]).action(
    run(async (context, command) => {
      const { matrix } = await import('./matrix.ts');
      return matrix(context, command.optsWithGlobals());
    }),
  );

  withFormats(
    withPolicyOptions(
      verb('check', 'test expectations about which paths are allowed')
        .argument('[file]', 'YAML file of expectations; - is stdin')
        .option('--schema', 'print the JSON schema of the file'),
    ),
    ['table', 'json', 'junit'],
  ).action(
    run(async (context, command) => {
      const { check } = await import('./check.ts');
      return check(context, command.args[0], command.optsWithGlobals());
    }),
  );

  withFormats(
    withDialectOptions(
      verb('diff', 'show what changes between two trees of manifests')
        .argument('<old>', 'file or directory before the change; - is stdin')
        .argument('<new>', 'file or directory after the change; - is stdin')
        .option('--exit-code', 'exit with 1 if there are changes'),
    ),
    ['table', 'json', 'markdown'],
  ).action(
    run(async (context, command) => {
      const { diff } = await import('./diff.ts');
      const [old = '', now = ''] = command.args;
      return diff(context, old, now, command.optsWithGlobals());
    }),
  );

  withFormats(
    withPolicyOptions(
      verb('lint', 'find mistakes in policies, with a fix for each')
        .option('--strict', 'exit with 3 if there are errors or warnings')
        .option('--ignore <lint>', 'skip this lint, may be repeated', collect)
        .option('--rules', 'list all lints with their sources'),
    ),
    ['table', 'json', 'sarif'],
  ).action(
    run(async (context, command) => {
      const { lintVerb } = await import('./lint.ts');
      return lintVerb(context, command.optsWithGlobals());
    }),
  );
}

/** Adds the options for the cluster's source and the enforcer. */
function withPolicyOptions(command: Command): Command {
  return withDialectOptions(
    command.option(
      '--manifests <path...>',
      'read YAML or JSON files and directories instead of a cluster; - is stdin',
    ),
  );
}

function withDialectOptions(command: Command): Command {
  return command
    .addOption(enforcerOption())
    .option('--assume <key=value>', 'override an assumption about the enforcer, may be repeated', collect);
}

/** The choices are for help and completion only: any release may follow a name. */
function enforcerOption(): Option {
  const option = new Option(
    '--enforcer <name>',
    'evaluate policies as this enforcer does, instead of the detected one',
  );
  option.argParser(parseEnforcer);
  option.argChoices = [...ENFORCER_NAMES, 'cilium-1.19', 'cilium-1.20'];
  return option;
}
