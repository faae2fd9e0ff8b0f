import type { Argument, Command, Help, Option } from 'commander';

/** What the help of a command says besides its arguments and options. */
export type HelpText = {
  /** One to three sentences: what the command does. */
  readonly about: string;
  /** Command lines that work as they are, each with its purpose. */
  readonly examples: readonly (readonly [purpose: string, line: string])[];
  /** The exit codes that have a meaning of their own. */
  readonly exits?: readonly (readonly [code: string, meaning: string])[];
};

/** Headings of options that many commands share; they come last, in this order. */
export const SHARED_OPTIONS = ['Flow source:', 'Global options:'] as const;

/** Makes the help of all commands say their texts, which are found by path, such as `sluice audit log`. */
export function withHelp(program: Command, texts: Readonly<Record<string, HelpText>>): Command {
  return program.configureHelp({
    formatHelp: (command, help) => helpOf(command, help, texts[pathOf(command)]),
  });
}

/** The words that run a command: `sluice audit log`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Usage, purpose and examples first; the command's own options; exit codes; the options that it shares last. */
function helpOf(command: Command, help: Help, text: HelpText | undefined): string {
  const width = help.padWidth(command, help);
  const items = (terms: readonly (readonly [string, string])[]) =>
    terms.map(([term, about]) => help.formatItem(term, width, about, help));
  const options = (of: readonly Option[]) =>
    items(of.map((option) => [help.optionTerm(option), help.optionDescription(option)]));
  const visible = help.visibleOptions(command);
  const own = visible.filter((option) => sharedGroupOf(option) === undefined);
  return [
    `Usage: ${usageOf(command)}\n`,
    `${help.boxWrap(text?.about ?? command.description(), help.helpWidth ?? 80)}\n`,
    ...section(
      'Examples:',
      (text?.examples ?? []).map(([about, line]) => `  # ${about}\n  ${line}`),
      '\n\n',
    ),
    ...commandGroups(command, help).flatMap(([heading, commands]) =>
      section(heading, items(commands.map((one) => [one.name(), help.subcommandDescription(one)]))),
    ),
    ...section(
      'Arguments:',
      items(help.visibleArguments(command).map((one) => [wordOf(one), help.argumentDescription(one)])),
    ),
    ...section('Options:', options(own.toSorted(outputLast))),
    ...section('Exit codes:', items(text?.exits ?? [])),
    ...SHARED_OPTIONS.flatMap((heading) =>
      section(heading, options(visible.filter((option) => sharedGroupOf(option) === heading))),
    ),
  ].join('\n');
}

/** With the options that are required, which commander's own usage leaves out. */
function usageOf(command: Command): string {
  const required = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags);
  const words = command.registeredArguments.map((one) => {
    const word = `${wordOf(one)}${one.variadic ? '...' : ''}`;
    return one.required ? word : `[${word}]`;
  });
  const commands = command.commands.length === 0 ? [] : [command.parent === null ? '[COMMAND]' : 'COMMAND'];
  return [pathOf(command), ...commands, ...words, ...required, '[options]'].join(' ');
}

/** An argument as messages write it. */
function wordOf(argument: Argument): string {
  return argument.name().toUpperCase();
}

function section(heading: string, entries: readonly string[], between = '\n'): readonly string[] {
  return entries.length === 0 ? [] : [`${heading}\n${entries.join(between)}\n`];
}

function commandGroups(command: Command, help: Help): readonly (readonly [string, readonly Command[]])[] {
  const commands = help.visibleCommands(command);
  return [...Map.groupBy(commands, (one) => one.helpGroup() || 'Commands:')];
}

function sharedGroupOf({ long, helpGroupHeading }: Option): (typeof SHARED_OPTIONS)[number] | undefined {
  if (long === '--help') return 'Global options:';
  return SHARED_OPTIONS.find((heading) => heading === helpGroupHeading);
}

/** The format is the least of a command's own options, though declared before them. */
function outputLast(a: Option, b: Option): number {
  return Number(a.long === '--output') - Number(b.long === '--output');
}
