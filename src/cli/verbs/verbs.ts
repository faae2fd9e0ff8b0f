/* The verbs, in one or a few files each. This file declares them; the code of a verb is loaded when it runs. */

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError, THEME_BASES } from '../../core/common/common.ts';
import { AUDIT_TYPES } from '../../core/ports/ports.ts';
import { kubeconfigFiles, mayNamePlugin } from '../../kubeconfig-files.ts';
import type { SessionDeps } from '../../session/session.ts';
import {
  acceptAnyFormat,
  askYes,
  collect,
  isRepeatable,
  type Output,
  VERSION,
  type VerbContext,
  withFormats,
  withGlobalOptions,
  withHelp,
  withTrafficOptions,
} from '../shared/shared.ts';
import type { DemoOptions } from './demo.ts';
import { HELP_TEXTS } from './help-texts.ts';
import { declareManifests } from './manifests-verbs.ts';
import { declareOffline } from './offline-verbs.ts';
import type { ScreenOptions } from './screen.ts';

/** Wraps the work of a verb: reads its options and the configuration, and turns errors into an exit code. */
export type Run = (
  work: (context: VerbContext, command: Command) => Promise<number> | number,
) => (this: Command) => Promise<void>;

/** Declares every verb. */
export function buildProgram(run: Run, output: Output, interactive: boolean): Command {
  const program = withHelp(new Command('sluice'), HELP_TEXTS)
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
      const screen = context.options as ScreenOptions;
      if (!interactive) {
        refuseIdle(screen);
        const { flows } = await import('./flows.ts');
        return flows(context, { follow: true });
      }
      const { loggedIn, runScreen } = await import('./screen.ts');
      const { connectOptions, openConnection } = await import('../connect/connect.ts');
      // On the screen, the session shows the warnings.
      const connect: SessionDeps['connect'] = (target, signal) =>
        openConnection(context.options, { ...target, screen: true }, signal, () => undefined);
      const { kubeconfig } = context.options;
      const mayAsk = await mayNamePlugin(kubeconfig === undefined ? kubeconfigFiles() : [kubeconfig]);
      return runScreen(context, screen, {
        connect: mayAsk ? await loggedIn(connect, context.signal) : connect,
        contexts: async () => {
          const { listContexts } = await import('../../kube/kube.ts');
          return listContexts(connectOptions(context.options));
        },
      });
    }),
  );

  program.commandsGroup('Traffic and policies:');
  withTrafficOptions(verb('flows', 'show connection attempts, past ones or as they happen'))
    .option('--from <end>', 'only from this end, as explain takes it, or from all of namespace/')
    .option('--to <end>', 'only to this end')
    .option('--port <port/protocol>', 'only to this port, such as 5432, 53/udp or tcp/8000-8100')
    .option('--verdict <verdict>', 'only allow, drop, l7, audit, error, failed or pending')
    .option('-f, --follow', 'follow new flows until interrupted')
    .option('--since <duration>', 'show past flows from Hubble since then, such as 5m')
    .option('--last <number>', 'show the last N flows of each node')
    .option('--first <number>', 'show only the first N attempts; with --follow, exit after them')
    .option('--raw', 'print raw flows as JSON, readable by hubble observe --input-file')
    .option('--record <file>', 'record raw flows to a file, for --replay')
    .action(
      run(async (context, command) => {
        const { flows } = await import('./flows.ts');
        return flows(context, command.opts());
      }),
    );

  declareOffline(verb, run);

  program.commandsGroup('Grants:');
  withPathOptions(withTrafficOptions(verb('grant', 'open a path for a while')))
    .option('--wait', 'wait until the grant ends: prove it open, count down, revoke, prove it closed')
    .option('--cut', 'with --wait, end connections that live on, where a container of their pod may')
    .option('--dry-run', "show the plan and the server's dry-run result without changing anything")
    .option('--yes', YES)
    .option('--break-glass <why>', 'go without the approval that is required here, and say why')
    .action(
      run(async (context, command) => {
        const { grant } = await import('./grant.ts');
        return grant(context, command.opts());
      }),
    );

  verb('grants', 'list active grants').action(
    run(async (context) => {
      const { grants } = await import('./grants.ts');
      return grants(context);
    }),
  );

  verb('revoke', 'revoke grants now')
    .argument('[id...]', 'grant ids from sluice grants')
    .option('--all', 'revoke all grants in the namespace, or in all namespaces with -A')
    .option('--cut', 'end connections that would live on, where a container of their pod may')
    .option('--ignore-not-found', 'exit with 0 where a grant is gone already')
    .action(
      run(async (context, command) => {
        const { revoke } = await import('./revoke.ts');
        return revoke(context, command.args, command.opts());
      }),
    );

  verb('extend', 'extend a grant')
    .argument('<id>', 'grant id')
    .requiredOption('--for <duration>', 'how much longer, such as 15m')
    .action(
      run(async (context, command) => {
        const { extend } = await import('./extend.ts');
        return extend(context, command.args[0] ?? '', command.opts<{ for: string }>());
      }),
    );

  withPathOptions(withTrafficOptions(verb('request', "ask for somebody else's approval to open a path")))
    .option('--wait', 'wait for the answer, then follow the grant until it has ended, as grant --wait does')
    .option('--dry-run', 'show the plan without asking for anything')
    .option('--yes', YES)
    .action(
      run(async (context, command) => {
        const { request } = await import('./request.ts');
        return request(context, command.opts());
      }),
    );

  verb('requests', 'list what waits for approval')
    .argument('[id]', 'request id: print its whole plan')
    .action(
      run(async (context, command) => {
        const { requests } = await import('./requests.ts');
        return requests(context, command.args[0]);
      }),
    );

  verb('approve', "open the path of somebody else's request")
    .argument('<id>', 'request id')
    .option('--plan <hash>', 'approve exactly this plan, by at least 8 digits of its hash')
    .action(
      run(async (context, command) => {
        const { approve } = await import('./approve.ts');
        return approve(context, command.args[0] ?? '', command.opts(), interactive ? askYes : undefined);
      }),
    );

  verb('refuse', 'refuse a request')
    .argument('<id>', 'request id')
    .requiredOption('--reason <text>', 'why, for whoever asked and for the audit log')
    .action(
      run(async (context, command) => {
        const { refuse } = await import('./refuse.ts');
        return refuse(context, command.args[0] ?? '', command.opts<{ reason: string }>());
      }),
    );

  verb('sweep', 'remove what grants have left in the cluster')
    .argument('[name...]', 'leftovers, by their names in the list (default: all)')
    .option('--dry-run', 'list and explain them without removing anything')
    .option('--watch', 'go on, and remove leftovers as they appear, a line about each')
    .action(
      run(async (context, command) => {
        if (command.opts().watch === true) {
          const { sweepWatch } = await import('./sweep-watch.ts');
          return sweepWatch(context, command.args, command.opts());
        }
        const { sweep } = await import('./sweep.ts');
        return sweep(context, command.args, command.opts());
      }),
    );

  verb('promote', 'write the permanent policy for a path, for Git; never apply it')
    .argument('[what...]', 'ids of grants; or FROM and TO with --port, as explain takes them')
    .option('--port <port/protocol>', 'destination port, may be repeated', collect)
    .option(
      '--from-flows <file>',
      'write policies for the denied attempts of a recording, or with -n for those of a namespace',
    )
    .option(
      '--kustomize <dir>',
      'write files and a kustomization.yaml to this folder, or add to the one there',
    )
    .action(
      run(async (context, command) => {
        const { promote } = await import('./promote.ts');
        return promote(context, command.args, command.opts());
      }),
    );

  const audit = program
    .command('audit')
    .helpCommand(false)
    .description('read, verify and export the audit log')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.out, outputError: () => {} });
  const auditOptions = (command: Command) =>
    command
      .option('--cluster <name>', 'log of one cluster, by its directory name')
      .option('--directory <path>', 'directory of the logs (default: the state directory)');
  auditOptions(verb('log', 'print records, oldest first', audit))
    .option('--grant <id>', 'only records of this grant')
    .addOption(new Option('--type <type>', 'only records of this type').choices(AUDIT_TYPES))
    .action(
      run(async (context, command) => {
        const { auditLog } = await import('./audit.ts');
        return auditLog(context, command.opts());
      }),
    );
  auditOptions(verb('verify', 'find records that were changed, moved or removed', audit))
    .option(
      '--against <place>',
      'file with checkpoints or public keys kept elsewhere, or "cluster" for those that stand there; may be repeated',
      collect,
    )
    .action(
      run(async (context, command) => {
        const { auditVerify } = await import('./audit-verify.ts');
        return auditVerify(context, command.opts());
      }),
    );
  auditOptions(verb('checkpoint', 'print the newest signed checkpoint, to be kept elsewhere', audit))
    .option('--since <file>', 'prove that the log continues the checkpoint in this file')
    .action(
      run(async (context, command) => {
        const { auditCheckpoint } = await import('./audit-checkpoint.ts');
        return auditCheckpoint(context, command.opts());
      }),
    );
  auditOptions(verb('key', 'print the public key that checkpoints are signed with', audit))
    .option('--rotate', 'make a new key first, for which the present one signs')
    .action(
      run(async (context, command) => {
        const { auditKey } = await import('./audit-key.ts');
        return auditKey(context, command.opts());
      }),
    );
  withFormats(auditOptions(verb('export', 'print records for other programs or a post-mortem', audit)), [
    'table',
    'json',
    'cloudevents',
    'ocsf',
    'markdown',
  ])
    .option('--grant <id>', 'records of this grant')
    .option('--ticket <ticket>', 'records of this ticket')
    .option('--since <time>', 'records since a time or for a duration, such as 24h')
    .action(
      run(async (context, command) => {
        const { auditExport } = await import('./audit-export.ts');
        return auditExport(context, command.optsWithGlobals());
      }),
    );

  program.commandsGroup('Installation:');
  declareManifests(program, verb, run, output);

  program.commandsGroup('Other:');
  withScreenOptions(verb('demo', 'run the app on an embedded cluster'))
    .option('--plain', 'print the tour line by line')
    .option('--serve', 'keep the cluster running for other terminals and print its kubeconfig')
    .option('--seed <number>', 'seed for generating the cluster', wholeNumber)
    .action(
      run(async (context, command) => {
        const asked = command.optsWithGlobals<DemoOptions & ScreenOptions>();
        if (!interactive || asked.plain === true || asked.serve === true) refuseIdle(asked);
        const { demo } = await import('./demo.ts');
        return demo(context, asked, interactive);
      }),
    );

  verb('version', 'print the version').action(
    run(async ({ options }) => {
      const { version } = await import('./version.ts');
      return version(output, options.output);
    }),
  );

  verb('completion', 'print a shell completion script')
    .addArgument(new Argument('<shell>', 'shell type').choices(SHELLS))
    .action(
      run(async (_, command) => {
        const { completion } = await import('./completion.ts');
        return completion(command.args[0] ?? '', output);
      }),
    );

  return program;
}

const SHELLS = ['bash', 'zsh', 'fish'];

const YES = 'continue although pods become isolated, a block is wide, or not all policies are evaluated';

/** The options of a path that is granted or asked for. */
function withPathOptions(command: Command): Command {
  return command
    .requiredOption('--from <end>', 'source: [ns/]name, [ns/]kind/name, IP address or CIDR')
    .requiredOption('--to <end>', 'destination, in the same format')
    .requiredOption('--port <port/protocol>', 'destination port, may be repeated', collect)
    .requiredOption('--for <duration>', 'how long to keep it open, such as 15m')
    .requiredOption('--reason <text>', 'reason for the audit log')
    .option('--ticket <id>', 'ticket or incident id');
}

function withScreenOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--color <when>', 'use colors').choices(['auto', 'always', 'never']).default('auto'),
    )
    .addOption(
      new Option('--pane <name>', 'pane to open on').choices(['pods', 'policies', 'attempts', 'grants']),
    )
    .option('--filter <text>', 'filter of that pane, as typed after /')
    .addOption(
      new Option('--theme <name>', 'colors for a dark or light terminal, or for color-blind eyes').choices(
        THEME_BASES,
      ),
    )
    .option('--ascii', 'use only ASCII characters')
    .addOption(
      new Option('--mouse <use>', 'use the mouse; select text with shift then (default: off)').choices([
        'off',
        'scroll',
        'click',
      ]),
    )
    .option(
      '--screen-reader',
      'linear output instead of full screen, for screen readers (env: ACCESSIBLE=1)',
    );
}

/** @throws SluiceError `usage` for what only the app can show */
function refuseIdle({ pane, filter }: ScreenOptions): void {
  if (pane === undefined && filter === undefined) return;
  throw new SluiceError(
    'usage',
    `${pane === undefined ? '--filter' : '--pane'} needs the app, which needs a terminal.`,
    'Remove it, or run sluice in a terminal.',
  );
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Must be an integer of up to 9 digits.');
  return Number(value);
}

/** Prints the completions of the words typed so far, for a shell. */
export async function completeWords(
  program: Command,
  words: readonly string[],
  output: Output,
): Promise<number> {
  const { complete } = await import('./completion.ts');
  return complete({ program, isRepeatable }, words, output);
}
