import type { Command } from 'commander';
import { SluiceError } from '../../core/common/common.ts';

/**
 * Lets the program accept any format: it parses `-o` before its verbs do, and verbs support different formats.
 * `checkFormat` then checks it against the verb.
 */
export function acceptAnyFormat(program: Command): Command {
  outputOption(program)?.argParser((value) => value);
  return program;
}

/** Sets the formats that a verb supports. */
export function withFormats(command: Command, formats: readonly string[]): Command {
  outputOption(command)?.choices(formats);
  return command;
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
