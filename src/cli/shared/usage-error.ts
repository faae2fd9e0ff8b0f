import type { Command, CommanderError } from 'commander';
import { nearestNames, SluiceError } from '../../core/common/common.ts';
import { pathOf } from './help.ts';
import { readLine } from './typed-line.ts';

/**
 * What commander refuses, as kubectl and gh would say it: the word at fault, then the nearest names and the help of the
 * command that was meant.
 *
 * @param argv the words after the program's name
 */
export function usageErrorOf(error: CommanderError, program: Command, argv: readonly string[]): SluiceError {
  const { command: meant } = readLine(program, argv);
  const see = `See ${pathOf(meant)} --help.`;
  if (error.code === 'commander.excessArguments' && meant === program) {
    return unknownCommand(program, meant.args[0] ?? '', see);
  }
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  if (error.code === 'commander.unknownCommand') {
    return unknownCommand(meant, quotedIn(first) ?? meant.args[0] ?? '', see);
  }
  const near = /\(Did you mean (?:one of )?(.*)\?\)/.exec(rest.join(' '))?.[1];
  return new SluiceError(
    'usage',
    sentence(first),
    near === undefined ? see : `Did you mean ${near}? ${see}`,
    error,
  );
}

function unknownCommand(parent: Command, name: string, see: string): SluiceError {
  const near = nearestNames(
    name,
    parent.commands.map((command) => command.name()),
  );
  const message = `Unknown command "${name}" for ${pathOf(parent)}.`;
  return new SluiceError(
    'usage',
    message,
    near.length === 0 ? see : `Did you mean ${near.join(', ')}? ${see}`,
  );
}

function quotedIn(text: string): string | undefined {
  return /'([^']*)'/.exec(text)?.[1];
}

/** Commander's words as a sentence; what it quotes are flags and commands, which need no quotes. */
function sentence(text: string): string {
  const plain = text
    .replace(/^option '(-[^']*)' argument missing$/, '$1 needs a value')
    .replace(/^required option '(-[^']*)' not specified$/, '$1 is required')
    .replace(/'(-[^']*)'/g, '$1');
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}`.replace(/\.?$/, '.');
}
