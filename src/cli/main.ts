import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_LIMITS } from '../core/access/limits.ts';
import { SluiceError } from '../core/errors.ts';
import { type Config, loadConfig } from './config.ts';
import { type ConnectionOptions, connectOptions, openConnection } from './connect/compose.ts';
import { settleSource } from './connect/settle-source.ts';
import { EXIT } from './exit-codes.ts';
import { declareOffline } from './offline/declare.ts';
import { acceptAnyFormat, checkFormat } from './offline/format-option.ts';
import { collect, isRepeatable, withGlobalOptions, withTrafficOptions } from './options.ts';
import type { Output } from './output/write.ts';
import { reportError } from './report-error.ts';
import type { ScreenOptions } from './screen.ts';
import { listenForSignals } from './signals.ts';
import type { VerbContext } from './verbs/context.ts';
import { VERSION } from './version.ts';

/** The process's surroundings, so that tests can run verbs in their own. */
export type Surroundings = {
  readonly argv: readonly string[];
  readonly output: Output;
  /** Whether a person looks at a terminal. */
  readonly interactive: boolean;
  /** Aborts when stdout takes nothing any more; verbs that run end as when they are interrupted. */
  readonly closed?: AbortSignal;
};

/**
 * Runs the command line; everything that goes wrong is told on stderr.
 *
 * @returns the exit code
 */
export async function main({ argv, output, interactive, closed }: Surroundings): Promise<number> {
  let code: number = EXIT.done;
  const interrupt = listenForSignals();
  closed?.addEventListener('abort', () => interrupt.abort(closed.reason), { once: true });
  const run = (work: (context: VerbContext, command: Command) => Promise<number> | number) =>
    async function (this: Command) {
      const asked = this.optsWithGlobals<ConnectionOptions>();
      let options = asked;
      try {
        checkFormat(this, options.output);
        const config = CONFIG_FREE.has(this.name()) ? { limits: DEFAULT_LIMITS } : await loadConfig();
        options = underFlags(config, this, asked);
        if (options.source !== undefined) {
          options = settleSource(options, (name) => this.getOptionValueSourceWithGlobals(name));
        }
        code = await work({ options, config, output, signal: interrupt.signal }, this);
      } catch (error) {
        const reason: unknown =
          interrupt.signal.aborted && !leavesOpen(error) ? interrupt.signal.reason : error;
        code = reportError(reason, output, { format: options.output, debug: options.debug === true });
      }
    };

  const program = buildProgram(run, output, interactive);
  try {
    if (argv[0] === '__complete') {
      const { complete } = await import('./completion/completion.ts');
      return await complete({ program, isRepeatable }, argv.slice(1), output);
    }
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    code = usageError(error, output);
  } finally {
    interrupt.dispose();
  }
  return code;
}

/** Who interrupts must still hear what was not closed. */
function leavesOpen(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'left-open';
}

type Run = (
  work: (context: VerbContext, command: Command) => Promise<number> | number,
) => (this: Command) => Promise<void>;

function buildProgram(run: Run, output: Output, interactive: boolean): Command {
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
        const { flows } = await import('./verbs/flows.ts');
        return flows(context, {});
      }
      const { runScreen } = await import('./screen.ts');
      return runScreen(context, context.options as ScreenOptions, {
        // On the screen the session says it.
        connect: (target, signal) =>
          openConnection(context.options, { ...target, screen: true }, signal, () => undefined),
        contexts: async () => {
          const { listContexts } = await import('../kube/connect.ts');
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
        const { demo } = await import('./verbs/demo.ts');
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
        const { flows } = await import('./verbs/flows.ts');
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
        const { grant } = await import('./verbs/grant.ts');
        return grant(context, command.opts());
      }),
    );

  verb('grants', 'grants that stand, whoever made them').action(
    run(async (context) => {
      const { grants } = await import('./verbs/grants.ts');
      return grants(context);
    }),
  );

  verb('revoke', 'end grants now')
    .argument('[id...]', 'grants, as sluice grants lists them')
    .option('--all', 'all of the namespace in view; with -A of all namespaces')
    .action(
      run(async (context, command) => {
        const { revoke } = await import('./verbs/revoke.ts');
        return revoke(context, command.args, command.opts());
      }),
    );

  verb('extend', 'move the end of a grant')
    .argument('<id>', 'the grant')
    .requiredOption('--for <duration>', 'how much longer, as in 15m')
    .action(
      run(async (context, command) => {
        const { extend } = await import('./verbs/extend.ts');
        return extend(context, command.args[0] ?? '', command.opts<{ for: string }>());
      }),
    );

  const audit = program
    .command('audit')
    .description('the record, chained by hashes')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: () => {} });
  const auditOptions = (command: Command) =>
    command
      .option('--cluster <name>', 'one log, by its folder')
      .option('--directory <path>', 'where logs are, instead of the state folder');
  auditOptions(verb('log', 'records, oldest first', audit))
    .option('--grant <id>', 'only of this grant')
    .option('--type <type>', 'only of this type')
    .action(
      run(async (context, command) => {
        const { auditLog } = await import('./verbs/audit.ts');
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
      const { auditVerify } = await import('./verbs/audit.ts');
      return auditVerify(context, command.opts());
    }),
  );

  verb('version', 'version of this program').action(
    run(async ({ options }) => {
      const { version } = await import('./verbs/version.ts');
      return version(output, options.output);
    }),
  );

  verb('completion', 'a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText('after', COMPLETION_HELP)
    .action(
      run(async (_, command) => {
        const { completion } = await import('./completion/completion.ts');
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

/** Verbs that work though the configuration file is wrong: to find out, and to mend it. */
const CONFIG_FREE: ReadonlySet<string> = new Set(['version', 'completion', 'log', 'verify']);

/** The options as given, with the configuration file's word where neither a flag nor the environment spoke. */
function underFlags(config: Config, command: Command, options: ConnectionOptions): ConnectionOptions {
  const { limits: _, ...settings } = config;
  const silent = (name: string) =>
    ['default', undefined].includes(command.getOptionValueSourceWithGlobals(name));
  const spoken = Object.entries(settings).filter(([name, value]) => value !== undefined && silent(name));
  return { ...options, ...Object.fromEntries(spoken) };
}

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

/** Commander's own complaints in the house's form; help and version are none. */
function usageError(error: unknown, output: Output): number {
  if (!(error instanceof CommanderError))
    return reportError(error, output, { format: 'table', debug: false });
  if (error.exitCode === 0) return EXIT.done;
  const message = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return reportError(new SluiceError('usage', sentence, 'See sluice --help.'), output, {
    format: 'table',
    debug: false,
  });
}
