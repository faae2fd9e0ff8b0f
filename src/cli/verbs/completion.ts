import type { Argument, Command, Option } from 'commander';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { EXIT, flagOf, type Output, optionOf, readLine, type TypedLine } from '../shared/shared.ts';
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
  const { completions, files } = await fitting(completed, words, namesFor);
  const lines = completions.map(({ value, about }) => (about === '' ? value : `${value}\t${about}`));
  output.out([...lines, files ? ':0' : ':4', ''].join('\n'));
  return EXIT.done;
}

/** The script that each shell sources, by shell name. */
const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };

type Names = (given: TypedLine['given']) => Promise<readonly Completion[]>;

/** Where the values of an option come from, by its long flag; none of these contacts a cluster. */
const NAMES: Readonly<Record<string, Names>> = {
  '--context': async (given) => {
    const { listContexts } = await import('../../kube/kube.ts');
    const { names } = await listContexts({ kubeconfig: given.get('--kubeconfig')?.at(-1) });
    return names.map((value) => ({ value, about: '' }));
  },
  '--cluster': async (given) => {
    const { auditRoot, listAuditLogs } = await import('../../audit/audit.ts');
    const logs = await listAuditLogs(given.get('--directory')?.at(-1) ?? auditRoot());
    return logs.map(({ cluster }) => ({ value: cluster, about: '' }));
  },
  '--ignore': async () => {
    const { LINT_RULES } = await import('./lint-findings.ts');
    return LINT_RULES.map(({ id, title }) => ({ value: id, about: title }));
  },
  '--verdict': async () => {
    const { VERDICTS } = await import('./flows-follow.ts');
    return VERDICTS.map((value) => ({ value, about: '' }));
  },
};

/** The values of an option; none if they can't be read, because completion can't report errors. */
const namesFor: NamesFor = async (flag, given) => {
  try {
    const names = (await NAMES[flag]?.(given)) ?? [];
    return names.filter(({ value }) => safeText(value) === value);
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
};

/** A candidate for the word being typed. */
type Completion = { readonly value: string; readonly about: string };

/** All completions of a word; with `files`, the shell adds file names. */
type Fitting = { readonly completions: readonly Completion[]; readonly files: boolean };

/**
 * The program to complete. `isRepeatable` is passed in because importing it here would split Commander into its own
 * chunk, one more file to load at every start.
 */
type Completed = { readonly program: Command; readonly isRepeatable: (option: Option) => boolean };

/** Returns the values of an option, by its long flag; `given` holds the values of options typed before it. */
type NamesFor = (flag: string, given: TypedLine['given']) => Promise<readonly Completion[]>;

const NOTHING: Fitting = { completions: [], files: false };

/** Placeholders of options and arguments whose value is a file path. */
const PATHS: ReadonlySet<string> = new Set(['file', 'path', 'old', 'new']);

/** Completes the last of the words after the program's name: verbs, options, or values. */
async function fitting(
  { program, isRepeatable }: Completed,
  words: readonly string[],
  namesFor: NamesFor,
): Promise<Fitting> {
  const line = readLine(program, words.slice(0, -1));
  const typed = words.at(-1) ?? '';

  if (line.open !== undefined && !typed.startsWith('-')) return valuesOf(line.open, typed, line, namesFor);
  if (line.isEnded || !typed.startsWith('-')) return argumentsFor(line, typed);
  const cut = typed.indexOf('=');
  if (cut < 0) return starting(typed, flagsOf(line, isRepeatable));
  const option = optionOf(line.command, typed.slice(0, cut));
  return option === undefined ? NOTHING : valuesOf(option, typed.slice(cut + 1), line, namesFor);
}

async function valuesOf(
  option: Option,
  typed: string,
  line: TypedLine,
  namesFor: NamesFor,
): Promise<Fitting> {
  const values = option.argChoices?.map(plain) ?? (await namesFor(flagOf(option), line.given));
  return { ...starting(typed, values), files: PATHS.has(placeholder(option)) };
}

function argumentsFor({ command, args, isEnded }: TypedLine, typed: string): Fitting {
  const verbs = args.length > 0 || isEnded ? [] : command.createHelp().visibleCommands(command);
  const argument = argumentAt(command, args.length);
  const fits = [
    ...verbs.map((verb) => ({ value: verb.name(), about: verb.description() })),
    ...(argument?.argChoices ?? []).map(plain),
  ];
  return { ...starting(typed, fits), files: argument !== undefined && PATHS.has(argument.name()) };
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

/** The options of a verb that can still be added. */
function flagsOf(
  { command, given }: TypedLine,
  isRepeatable: Completed['isRepeatable'],
): readonly Completion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !given.has(flagOf(option)) || isRepeatable(option))
    .flatMap(({ long, short, description }) =>
      [long, short].flatMap((flag) => (flag == null ? [] : [{ value: flag, about: description }])),
    );
}

function starting(typed: string, all: readonly Completion[]): Fitting {
  return { completions: all.filter(({ value }) => value.startsWith(typed)), files: false };
}

function placeholder({ flags }: Option): string {
  return /[<[]([\w-]+)/.exec(flags)?.[1] ?? '';
}

const plain = (value: string): Completion => ({ value, about: '' });
