import type { Command, Option } from 'commander';

/** The words of a command line, or of its beginning, as parsed without running anything. */
export type TypedLine = {
  /** The deepest command that is named. */
  readonly command: Command;
  readonly args: readonly string[];
  /** Values by long flag, in order; an empty one for a flag that takes none. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** The option that takes the next word as its value. */
  readonly open?: Option;
  /** After `--`, all words are arguments. */
  readonly isEnded: boolean;
};

/** Reads the words after the program's name; words that make no sense are skipped. */
export function readLine(program: Command, words: readonly string[]): TypedLine {
  const line: Reading = { command: program, args: [], given: new Map(), isEnded: false };
  for (const word of words) read(line, word);
  return line;
}

/** An option of a command or of its parents. */
export function optionOf(command: Command | null, flag: string): Option | undefined {
  for (let at = command; at !== null; at = at.parent) {
    const option = at.options.find(({ long, short }) => long === flag || short === flag);
    if (option !== undefined) return option;
  }
  return undefined;
}

/** The long flag of an option. */
export const flagOf = ({ long, short }: Option) => long ?? short ?? '';

type Reading = {
  command: Command;
  readonly args: string[];
  readonly given: Map<string, readonly string[]>;
  open?: Option;
  isEnded: boolean;
};

function read(line: Reading, word: string): void {
  const { open } = line;
  if (open !== undefined && !isFlag(word)) {
    give(line, open, word);
    if (!open.variadic) line.open = undefined;
    return;
  }
  line.open = undefined;
  if (line.isEnded) line.args.push(word);
  else if (word === '--') line.isEnded = true;
  else if (word.startsWith('--')) readLong(line, word);
  else if (isFlag(word)) readShort(line, word);
  else readName(line, word);
}

function give({ given }: Reading, option: Option, value: string): void {
  given.set(flagOf(option), [...(given.get(flagOf(option)) ?? []), value]);
}

function readLong(line: Reading, word: string): void {
  const [flag = '', ...rest] = word.split('=');
  const option = optionOf(line.command, flag);
  if (option === undefined) return;
  if (rest.length === 0 && takesValue(option)) line.open = option;
  else give(line, option, rest.join('='));
}

/** Short flags may be combined; the rest after one that takes a value is its value. */
function readShort(line: Reading, word: string): void {
  for (let at = 1; at < word.length; at += 1) {
    const option = optionOf(line.command, `-${word[at]}`);
    if (option === undefined) return;
    const rest = word.slice(at + 1);
    if (!takesValue(option)) {
      give(line, option, '');
      continue;
    }
    if (rest === '') line.open = option;
    else give(line, option, rest);
    return;
  }
}

function readName(line: Reading, word: string): void {
  const verb = line.args.length === 0 ? line.command.commands.find((it) => it.name() === word) : undefined;
  if (verb !== undefined) line.command = verb;
  else line.args.push(word);
}

const takesValue = ({ required, optional }: Option) => required || optional;

/** A single dash is a value: stdin. */
const isFlag = (word: string) => word.startsWith('-') && word !== '-';
