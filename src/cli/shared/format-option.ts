import type { Command } from 'commander';
import { SluiceError } from '../../core/common/common.ts';

/**
 * Lets the program itself take any format: it sees `-o` before its verbs do, and verbs differ in what they write.
 * `checkFormat` then asks the verb.
 */
export function acceptAnyFormat(program: Command): Command {
  outputOption(program)?.argParser((value) => value);
  return program;
}

/** Sets the formats that a verb writes. */
export function withFormats(command: Command, formats: readonly string[]): Command {
  outputOption(command)?.choices(formats);
  return command;
}

/** @throws SluiceError `usage` with the formats that the verb writes, when this is none of them */
export function checkFormat(command: Command, format: string): void {
  const known = outputOption(command)?.argChoices ?? [];
  if (known.includes(format)) return;
  throw new SluiceError(
    'usage',
    `${command.name()} does not write "${format}".`,
    `Choose one of ${known.join(', ')}.`,
  );
}

function outputOption(command: Command) {
  return command.options.find(({ long }) => long === '--output');
}
