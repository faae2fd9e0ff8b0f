/* The command line: reads options, runs a verb, turns errors into messages and an exit code. */

import { type Command, CommanderError } from 'commander';
import { DEFAULT_LIMITS, SluiceError } from '../core/common/common.ts';
import {
  type Config,
  type ConnectionOptions,
  checkFormat,
  EXIT,
  listenForSignals,
  loadConfig,
  type Output,
  reportError,
  settleSource,
  usageErrorOf,
  type VerbContext,
  withOwnFormat,
} from './shared/shared.ts';
import { buildProgram, completeWords } from './verbs/verbs.ts';

/** What a run needs of its process, so that tests can pass their own. */
export type Surroundings = {
  readonly argv: readonly string[];
  readonly output: Output;
  /** Whether stdin and stdout are a terminal that can show the app. */
  readonly interactive: boolean;
  /** Aborts when stdout can no longer be written; running verbs then stop as if interrupted. */
  readonly closed?: AbortSignal;
};

/**
 * Runs the command line; errors are reported on stderr.
 *
 * @returns the exit code
 */
export async function main({ argv, output, interactive, closed }: Surroundings): Promise<number> {
  let code: number = EXIT.done;
  const interrupt = listenForSignals();
  closed?.addEventListener('abort', () => interrupt.abort(closed.reason), { once: true });
  const run = (work: (context: VerbContext, command: Command) => Promise<number> | number) =>
    async function (this: Command) {
      const asked = withOwnFormat(this, this.optsWithGlobals<ConnectionOptions>());
      let options = asked;
      try {
        checkFormat(this, options.output);
        const config = CONFIG_FREE.has(this.name()) ? { limits: DEFAULT_LIMITS } : await loadConfig();
        options = underFlags(config, this, asked);
        if (options.source !== undefined) {
          options = settleSource(options, (name) => this.getOptionValueSourceWithGlobals(name));
        }
        code = await work({ options, config, output, signal: interrupt.signal, lend: interrupt.lend }, this);
      } catch (error) {
        const reason: unknown =
          interrupt.signal.aborted && !leavesOpen(error) ? interrupt.signal.reason : error;
        code = reportError(reason, output, { format: options.output, debug: options.debug === true });
      }
    };

  const program = buildProgram(run, output, interactive);
  try {
    if (argv[0] === '__complete') {
      return await completeWords(program, argv.slice(1), output);
    }
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && HELP.has(error.code)) return EXIT.done;
    const reason = error instanceof CommanderError ? usageErrorOf(error, program, argv) : error;
    code = reportError(reason, output, { format: 'table', debug: false });
  } finally {
    interrupt.dispose();
  }
  return code;
}

/** Help and version output, already printed. */
const HELP: ReadonlySet<string> = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

/** Even a user who interrupted must see what was left open. */
function leavesOpen(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'left-open';
}

/** Verbs that work with a broken configuration file, to diagnose and fix it. */
const CONFIG_FREE: ReadonlySet<string> = new Set(['version', 'completion', 'log', 'verify']);

/** The options as given; values from the configuration file fill in what neither a flag nor the environment set. */
function underFlags(config: Config, command: Command, options: ConnectionOptions): ConnectionOptions {
  const { limits: _, ...settings } = config;
  const silent = (name: string) =>
    ['default', undefined].includes(command.getOptionValueSourceWithGlobals(name));
  const spoken = Object.entries(settings).filter(([name, value]) => value !== undefined && silent(name));
  return { ...options, ...Object.fromEntries(spoken) };
}
