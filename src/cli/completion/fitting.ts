import type { Argument, Command, Option } from 'commander';

/** What may stand in place of the word that is being typed. */
export type Completion = { readonly value: string; readonly about: string };

/** All that fits a word; with `files`, also the names of files, which shells know best. */
export type Fitting = { readonly completions: readonly Completion[]; readonly files: boolean };

/**
 * What is completed. Which options may come again only their declaration knows; to ask it from here would put Commander
 * into a chunk of its own, one more file to load at every start.
 */
export type Completed = { readonly program: Command; readonly isRepeatable: (option: Option) => boolean };

/** Gives the names that an option takes, by its long flag; `given` are the values of options typed before it. */
export type NamesFor = (flag: string, given: ReadonlyMap<string, string>) => Promise<readonly Completion[]>;

/** The words before the one that is being typed, as read so far. */
type Line = {
  command: Command;
  arguments: number;
  /** Values by long flag; empty for a flag that takes none. */
  readonly given: Map<string, string>;
  /** Takes the next word as its value. */
  open?: Option;
  /** After `--`, all words are arguments. */
  isEnded: boolean;
};

const NOTHING: Fitting = { completions: [], files: false };

/** What options and arguments call their value when it is the path of a file. */
const PATHS: ReadonlySet<string> = new Set(['file', 'path', 'old', 'new']);

/** What fits the last of the words after the program's name: verbs, options, or values. */
export async function fitting(
  { program, isRepeatable }: Completed,
  words: readonly string[],
  namesFor: NamesFor,
): Promise<Fitting> {
  const line: Line = { command: program, arguments: 0, given: new Map(), isEnded: false };
  for (const word of words.slice(0, -1)) read(line, word);
  const typed = words.at(-1) ?? '';

  if (line.open !== undefined && !typed.startsWith('-')) return valuesOf(line.open, typed, line, namesFor);
  if (line.isEnded || !typed.startsWith('-')) return argumentsFor(line, typed);
  const cut = typed.indexOf('=');
  if (cut < 0) return starting(typed, flagsOf(line, isRepeatable));
  const option = optionOf(line.command, typed.slice(0, cut));
  return option === undefined ? NOTHING : valuesOf(option, typed.slice(cut + 1), line, namesFor);
}

function read(line: Line, word: string): void {
  const { open } = line;
  if (open !== undefined && !isFlag(word)) {
    line.given.set(nameOf(open), word);
    if (!open.variadic) line.open = undefined;
    return;
  }
  line.open = undefined;
  if (line.isEnded) line.arguments += 1;
  else if (word === '--') line.isEnded = true;
  else if (word.startsWith('--')) readLong(line, word);
  else if (isFlag(word)) readShort(line, word);
  else readName(line, word);
}

function readLong(line: Line, word: string): void {
  const [flag = '', ...rest] = word.split('=');
  const option = optionOf(line.command, flag);
  if (option === undefined) return;
  line.given.set(nameOf(option), rest.join('='));
  if (rest.length === 0 && takesValue(option)) line.open = option;
}

/** Letters may share a dash; what follows one that takes a value is the value. */
function readShort(line: Line, word: string): void {
  for (let at = 1; at < word.length; at += 1) {
    const option = optionOf(line.command, `-${word[at]}`);
    if (option === undefined) return;
    line.given.set(nameOf(option), word.slice(at + 1));
    if (takesValue(option)) {
      if (at === word.length - 1) line.open = option;
      return;
    }
  }
}

function readName(line: Line, word: string): void {
  const verb = line.arguments === 0 ? line.command.commands.find((it) => it.name() === word) : undefined;
  if (verb !== undefined) line.command = verb;
  else line.arguments += 1;
}

async function valuesOf(option: Option, typed: string, line: Line, namesFor: NamesFor): Promise<Fitting> {
  const values = option.argChoices?.map(plain) ?? (await namesFor(nameOf(option), line.given));
  return { ...starting(typed, values), files: PATHS.has(placeholder(option)) };
}

function argumentsFor({ command, arguments: count, isEnded }: Line, typed: string): Fitting {
  const verbs = count > 0 || isEnded ? [] : command.createHelp().visibleCommands(command);
  const argument = argumentAt(command, count);
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

/** The options of a verb that may still come. */
function flagsOf({ command, given }: Line, isRepeatable: Completed['isRepeatable']): readonly Completion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !given.has(nameOf(option)) || isRepeatable(option))
    .flatMap(({ long, short, description }) =>
      [long, short].flatMap((flag) => (flag == null ? [] : [{ value: flag, about: description }])),
    );
}

function starting(typed: string, all: readonly Completion[]): Fitting {
  return { completions: all.filter(({ value }) => value.startsWith(typed)), files: false };
}

/** An option of a command; those of the commands above are taken too. */
function optionOf(command: Command | null, flag: string): Option | undefined {
  for (let at = command; at !== null; at = at.parent) {
    const option = at.options.find(({ long, short }) => long === flag || short === flag);
    if (option !== undefined) return option;
  }
  return undefined;
}

function placeholder({ flags }: Option): string {
  return /[<[]([\w-]+)/.exec(flags)?.[1] ?? '';
}

const plain = (value: string): Completion => ({ value, about: '' });
const nameOf = ({ long, short }: Option) => long ?? short ?? '';
const takesValue = ({ required, optional }: Option) => required || optional;

/** A dash alone is a value: it stands for stdin. */
const isFlag = (word: string) => word.startsWith('-') && word !== '-';
