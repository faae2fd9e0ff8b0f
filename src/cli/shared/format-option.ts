import type { Command } from 'commander';
import { SluiceError } from '../../core/common/common.ts';
import type { Format } from './write.ts';

/**
 * Lets the program accept any format: it parses `-o` before its verbs do, and verbs support different formats.
 * `checkFormat` then checks it against the verb.
 */
export function acceptAnyFormat(program: Command): Command {
  outputOption(program)?.argParser((value) => value);
  return program;
}

/** Sets the formats that a verb supports; the first is its default. */
export function withFormats(command: Command, formats: readonly string[]): Command {
  outputOption(command)?.choices(formats).default(formats[0]);
  return command;
}

/** The options of a verb with its own default format, which the program, parsing `-o` first, hides by its own. */
export function withOwnFormat<T extends { readonly output: Format }>(command: Command, options: T): T {
  if (command.getOptionValueSourceWithGlobals('output') !== 'default') return options;
  return { ...options, output: outputOption(command)?.defaultValue ?? options.output };
}

/** @throws SluiceError `usage` with the supported formats, when the verb doesn't support this one */
export function checkFormat(command: Command, format: string): void {
  const known = outputOption(command)?.argChoices ?? [];
  if (known.includes(format)) return;
  throw new SluiceError(
    'usage',
    `${command.name()} does not support output format "${format}".`,
    `Use one of: ${known.join(', ')}.`,
  );
}

function outputOption(command: Command) {
  return command.options.find(({ long }) => long === '--output');
}
