import { type Command, Option } from 'commander';
import { ENFORCER_NAMES, parseEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import { collect, type VerbContext, withFormats } from '../shared/shared.ts';

/** Declares one verb of the program, with the options that every verb has. */
export type DeclareVerb = (name: string, about: string) => Command;

/** Wraps the work of a verb into an action that tells errors and sets the exit code. */
export type RunVerb = (
  work: (context: VerbContext, command: Command) => Promise<number>,
) => (this: Command) => Promise<void>;

/** Declares the verbs that ask policies, of a cluster or of manifests. */
export function declareOffline(verb: DeclareVerb, run: RunVerb): void {
  withPolicyOptions(verb('explain', 'whether FROM may reach TO, and why; the exit code is the verdict'))
    .argument('[from]', '[ns/]pod, [ns/]kind/name, node/name, address, CIDR, world, localhost, DNS name')
    .argument('[to]', 'likewise')
    .option('--port <port/protocol>', 'port of the destination, as in 5432/tcp, tcp/8000-8100, http, icmp/8')
    .option('--with <file...>', 'before and after these policies come')
    .option('--without <kind/ns/name>', 'before and after this policy goes, may be repeated', collect)
    .option('--batch <file>', 'answer a file of paths, a line of JSON each; - is stdin')
    .action(
      run(async (context, command) => {
        const { explain } = await import('./explain.ts');
        return explain(context, command.args, command.opts());
      }),
    );

  withFormats(withPolicyOptions(verb('matrix', 'all pairs that can talk, by workload and port ranges')), [
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

  withFormats(withPolicyOptions(verb('check', 'whether expectations of who may talk to whom are met')), [
    'table',
    'json',
    'junit',
  ])
    .argument('[file]', 'expectations as YAML; - is stdin')
    .option('--schema', 'print the JSON schema of such a file')
    .action(
      run(async (context, command) => {
        const { check } = await import('./check.ts');
        return check(context, command.args[0], command.optsWithGlobals());
      }),
    );

  withFormats(withDialectOptions(verb('diff', 'what changes between two trees of manifests')), [
    'table',
    'json',
    'markdown',
  ])
    .argument('<old>', 'file or folder before; - is stdin')
    .argument('<new>', 'file or folder after')
    .option('--exit-code', 'exit 1 when anything changes')
    .action(
      run(async (context, command) => {
        const { diff } = await import('./diff.ts');
        const [old = '', now = ''] = command.args;
        return diff(context, old, now, command.optsWithGlobals());
      }),
    );

  withFormats(withPolicyOptions(verb('lint', 'mistakes in policies, each with what to do')), [
    'table',
    'json',
    'sarif',
  ])
    .option('--strict', 'exit 3 for an error or a warning')
    .option('--ignore <lint>', 'leave this one out, may be repeated', collect)
    .option('--rules', 'list what is looked for, and who says that it is a mistake')
    .action(
      run(async (context, command) => {
        const { lintVerb } = await import('./lint.ts');
        return lintVerb(context, command.optsWithGlobals());
      }),
    );
}

/** Adds where the cluster comes from, and how its policies are read. */
function withPolicyOptions(command: Command): Command {
  return withDialectOptions(
    command.option(
      '--manifests <path...>',
      'read files and folders of YAML or JSON instead of a cluster; - is stdin',
    ),
  );
}

function withDialectOptions(command: Command): Command {
  return command
    .addOption(enforcerOption())
    .option('--assume <key=value>', 'change one assumption about the enforcer, may be repeated', collect);
}

/** Choices are for help and completion: any release may follow a name. */
function enforcerOption(): Option {
  const option = new Option('--enforcer <name>', 'how policies are read, instead of as detected');
  option.argParser(parseEnforcer);
  option.argChoices = [...ENFORCER_NAMES, 'cilium-1.19', 'cilium-1.20'];
  return option;
}
