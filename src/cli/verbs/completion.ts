import type { Argument, Command, Option } from 'commander';
import { EXIT, flagOf, type Output, optionOf, readLine, type TypedLine } from '../shared/shared.ts';
import { type Candidate, plain } from './candidate.ts';
import { valuesFor } from './completion-values.ts';
import bash from './sluice.bash';
import fish from './sluice.fish';
import zsh from './sluice.zsh';

/** `sluice completion bash|zsh|fish`: a script that calls `sluice __complete` for completions. */
export function completion(shell: string, output: Output): number {
  output.out(SCRIPTS[shell] ?? '');
  return EXIT.done;
}

/**
 * `sluice __complete WORD...`: completions of the last word, one a line with a tab before the description; then `:4`,
 * or `:0` if the shell should offer files. This is Cobra's protocol, which kubectl expects of plugins.
 * Source: k8s.io/kubectl/pkg/cmd/plugin_completion.go; github.com/spf13/cobra, completions.go.
 */
export async function complete(
  completed: Completed,
  words: readonly string[],
  output: Output,
): Promise<number> {
  const { completions, files } = await fitting(completed, words);
  const lines = completions.map(({ value, about }) => (about === '' ? value : `${value}\t${about}`));
  output.out([...lines, files ? ':0' : ':4', ''].join('\n'));
  return EXIT.done;
}

/** The script that each shell sources, by shell name. */
const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };

/** All completions of a word; with `files`, the shell adds file names. */
type Fitting = { readonly completions: readonly Candidate[]; readonly files: boolean };

/**
 * The program to complete. `isRepeatable` is passed in because importing it here would split Commander into its own
 * chunk, one more file to load at every start.
 */
type Completed = { readonly program: Command; readonly isRepeatable: (option: Option) => boolean };

const NOTHING: Fitting = { completions: [], files: false };

/** Placeholders of options and arguments whose value is a file path. */
const PATHS: ReadonlySet<string> = new Set(['file', 'path', 'dir', 'place', 'old', 'new']);

/** Completes the last of the words after the program's name: verbs, options, or values. */
async function fitting({ program, isRepeatable }: Completed, words: readonly string[]): Promise<Fitting> {
  const line = readLine(program, words.slice(0, -1));
  const typed = words.at(-1) ?? '';

  if (line.open !== undefined && !typed.startsWith('-')) return valuesOf(line.open, typed, line);
  if (line.isEnded || !typed.startsWith('-')) return argumentsFor(line, typed);
  const cut = typed.indexOf('=');
  if (cut < 0) return starting(typed, flagsOf(line, isRepeatable));
  const option = optionOf(line.command, typed.slice(0, cut));
  return option === undefined ? NOTHING : valuesOf(option, typed.slice(cut + 1), line);
}

async function valuesOf(option: Option, typed: string, line: TypedLine): Promise<Fitting> {
  const values = option.argChoices?.map(plain) ?? (await valuesFor(flagOf(option), line, typed));
  return { ...starting(typed, values), files: PATHS.has(placeholder(option)) };
}

async function argumentsFor(line: TypedLine, typed: string): Promise<Fitting> {
  const { command, args, isEnded } = line;
  const verbs = args.length > 0 || isEnded ? [] : command.createHelp().visibleCommands(command);
  const argument = argumentAt(command, args.length);
  if (argument === undefined) return starting(typed, verbs.map(ofVerb));
  const values =
    argument.argChoices?.map(plain) ?? (await valuesFor(`${command.name()} ${argument.name()}`, line, typed));
  return { ...starting(typed, [...verbs.map(ofVerb), ...values]), files: PATHS.has(argument.name()) };
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

/** The options of a verb that can still be added. */
function flagsOf(
  { command, given }: TypedLine,
  isRepeatable: Completed['isRepeatable'],
): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !given.has(flagOf(option)) || isRepeatable(option))
    .flatMap(({ long, short, description }) =>
      [long, short].flatMap((flag) => (flag == null ? [] : [{ value: flag, about: description }])),
    );
}

function starting(typed: string, all: readonly Candidate[]): Fitting {
  return { completions: all.filter(({ value }) => value.startsWith(typed)), files: false };
}

function placeholder({ flags }: Option): string {
  return /[<[]([\w-]+)/.exec(flags)?.[1] ?? '';
}

const ofVerb = (verb: Command): Candidate => ({ value: verb.name(), about: verb.description() });
