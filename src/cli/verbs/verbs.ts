/* The verbs, one or a few files each. This one declares them; what a verb does is loaded when it is asked for. */

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import {
  acceptAnyFormat,
  collect,
  isRepeatable,
  type Output,
  VERSION,
  type VerbContext,
  withGlobalOptions,
  withTrafficOptions,
} from '../shared/shared.ts';
import { declareOffline } from './offline-verbs.ts';
import type { ScreenOptions } from './screen.ts';

/** Wraps the work of a verb: reads its options and the configuration, and turns what goes wrong into an exit code. */
export type Run = (
  work: (context: VerbContext, command: Command) => Promise<number> | number,
) => (this: Command) => Promise<void>;

/** Declares every verb. What a verb does is loaded when it is asked for. */
export function buildProgram(run: Run, output: Output, interactive: boolean): Command {
  const program = new Command('sluice')
    .description('Open one network path in Kubernetes, for a while, in plain sight.')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: () => {} })
    .showHelpAfterError(false)
    .allowExcessArguments(false);
  const verb = (name: string, about: string, parent: Command = program) =>
    withGlobalOptions(
      parent
        .command(name)
        .description(about)
        .exitOverride()
        .configureOutput({ writeOut: output.out, writeErr: () => {} }),
    );

  withScreenOptions(withTrafficOptions(acceptAnyFormat(withGlobalOptions(program)))).action(
    run(async (context) => {
      if (!interactive) {
        const { flows } = await import('./flows.ts');
        return flows(context, {});
      }
      const { runScreen } = await import('./screen.ts');
      const { connectOptions, openConnection } = await import('../connect/connect.ts');
      return runScreen(context, context.options as ScreenOptions, {
        // On the screen the session says it.
        connect: (target, signal) =>
          openConnection(context.options, { ...target, screen: true }, signal, () => undefined),
        contexts: async () => {
          const { listContexts } = await import('../../kube/kube.ts');
          return listContexts(connectOptions(context.options));
        },
      });
    }),
  );

  withScreenOptions(
    verb('demo', 'the app on an embedded cluster; without a terminal, a tour of the main job'),
  )
    .option('--plain', 'tell the tour line by line')
    .option('--serve', 'keep the cluster up for other terminals and print its kubeconfig')
    .option('--seed <number>', 'another world', wholeNumber)
    .action(
      run(async (context, command) => {
        const { demo } = await import('./demo.ts');
        return demo(context, command.optsWithGlobals(), interactive);
      }),
    );

  withTrafficOptions(verb('flows', 'connection attempts as they happen'))
    .option('--from <end>', 'only from this workload, pod, namespace/ or address')
    .option('--to <end>', 'only to this workload, pod, namespace/ or address')
    .option('--port <number>', 'only to this port')
    .option('--verdict <word>', 'only allow, drop, l7, audit, error or failed')
    .option('--since <duration>', 'begin with what Hubble remembers of this long ago')
    .option('--last <number>', 'begin with the last so many flows of each node')
    .option('--first <number>', 'end after this many attempts')
    .option('--raw', 'print the flows themselves, as JSON that hubble observe --input-file reads')
    .option('--record <file>', 'write the flows themselves into a file, for --replay')
    .action(
      run(async (context, command) => {
        const { flows } = await import('./flows.ts');
        return flows(context, command.opts());
      }),
    );

  declareOffline(verb, run);

  withTrafficOptions(verb('grant', 'open a path for a while'))
    .requiredOption('--from <end>', 'source')
    .requiredOption('--to <end>', 'destination')
    .requiredOption('--port <port/protocol>', 'port, may be repeated', collect)
    .requiredOption('--for <duration>', 'how long, as in 15m')
    .requiredOption('--reason <text>', 'why')
    .option('--ticket <id>', 'ticket or incident')
    .option('--wait', 'stay: prove it open, count down, revoke, prove it closed')
    .option('--dry-run', 'show the plan and what the server says to it; change nothing')
    .option('--yes', 'go on though pods would be isolated')
    .action(
      run(async (context, command) => {
        const { grant } = await import('./grant.ts');
        return grant(context, command.opts());
      }),
    );

  verb('grants', 'grants that stand, whoever made them').action(
    run(async (context) => {
      const { grants } = await import('./grants.ts');
      return grants(context);
    }),
  );

  verb('revoke', 'end grants now')
    .argument('[id...]', 'grants, as sluice grants lists them')
    .option('--all', 'all of the namespace in view; with -A of all namespaces')
    .action(
      run(async (context, command) => {
        const { revoke } = await import('./revoke.ts');
        return revoke(context, command.args, command.opts());
      }),
    );

  verb('extend', 'move the end of a grant')
    .argument('<id>', 'the grant')
    .requiredOption('--for <duration>', 'how much longer, as in 15m')
    .action(
      run(async (context, command) => {
        const { extend } = await import('./extend.ts');
        return extend(context, command.args[0] ?? '', command.opts<{ for: string }>());
      }),
    );

  const audit = program
    .command('audit')
    .description('the record, chained by hashes')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.out, outputError: () => {} });
  const auditOptions = (command: Command) =>
    command
      .option('--cluster <name>', 'one log, by its folder')
      .option('--directory <path>', 'where logs are, instead of the state folder');
  auditOptions(verb('log', 'records, oldest first', audit))
    .option('--grant <id>', 'only of this grant')
    .option('--type <type>', 'only of this type')
    .action(
      run(async (context, command) => {
        const { auditLog } = await import('./audit.ts');
        return auditLog(context, command.opts());
      }),
    );
  auditOptions(
    verb(
      'verify',
      'whether the chain of hashes is whole, exit 3 if not; one computed anew as a whole is not found out',
      audit,
    ),
  ).action(
    run(async (context, command) => {
      const { auditVerify } = await import('./audit.ts');
      return auditVerify(context, command.opts());
    }),
  );

  verb('version', 'version of this program').action(
    run(async ({ options }) => {
      const { version } = await import('./version.ts');
      return version(output, options.output);
    }),
  );

  verb('completion', 'a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText('after', COMPLETION_HELP)
    .action(
      run(async (_, command) => {
        const { completion } = await import('./completion.ts');
        return completion(command.args[0] ?? '', output);
      }),
    );

  return program;
}

const SHELLS = ['bash', 'zsh', 'fish'];

const COMPLETION_HELP = `
bash: eval "$(sluice completion bash)"     in ~/.bashrc
zsh:  eval "$(sluice completion zsh)"      in ~/.zshrc, after compinit
fish: sluice completion fish | source      in ~/.config/fish/config.fish

kubectl completes \`kubectl sluice\` where kubectl_complete-sluice, which comes with sluice, is on the PATH.
`;

function withScreenOptions(command: Command): Command {
  return command
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('--ascii', 'only ASCII characters')
    .option('--screen-reader', 'linear output, no full screen');
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('it is no whole number');
  return Number(value);
}

/** Answers a shell that asks how the words typed so far may go on. */
export async function completeWords(
  program: Command,
  words: readonly string[],
  output: Output,
): Promise<number> {
  const { complete } = await import('./completion.ts');
  return complete({ program, isRepeatable }, words, output);
}
