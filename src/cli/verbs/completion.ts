import type { Command } from 'commander';
import { SluiceError } from '../../core/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output/write.ts';

/** A verb as a shell completes it. */
type Verb = {
  readonly path: string;
  readonly about: string;
  readonly options: readonly string[];
  readonly verbs: readonly string[];
};

/** `sluice completion bash|zsh|fish`: a script for the shell, made from the verbs and options themselves. */
export function completion(program: Command, shell: string, output: Output): number {
  const verbs = listVerbs(program, '');
  switch (shell) {
    case 'bash':
      output.out(bash(verbs));
      return EXIT.done;
    case 'zsh':
      output.out(
        `#compdef sluice kubectl-sluice\nautoload -U +X bashcompinit && bashcompinit\n${bash(verbs)}`,
      );
      return EXIT.done;
    case 'fish':
      output.out(fish(verbs));
      return EXIT.done;
    default:
      throw new SluiceError('usage', `"${shell}" is no shell known here.`, 'Use bash, zsh or fish.');
  }
}

function listVerbs(command: Command, path: string): readonly Verb[] {
  const here: Verb = {
    path,
    about: command.description(),
    options: command.options.flatMap(({ short, long }) =>
      [long, short].filter((flag): flag is string => typeof flag === 'string'),
    ),
    verbs: command.commands.map((verb) => verb.name()),
  };
  return [here, ...command.commands.flatMap((verb) => listVerbs(verb, `${path} ${verb.name()}`.trim()))];
}

function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map(
    ({ path, options, verbs: names }) => `    "${path}") words="${[...names, ...options].join(' ')}" ;;`,
  );
  return `_sluice() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case " ${known(verbs)} " in *" \${path:+$path }$word "*|*" $word "*) path="\${path:+$path }$word" ;; esac ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -F _sluice sluice kubectl-sluice
`;
}

function known(verbs: readonly Verb[]): string {
  return [...new Set(verbs.flatMap(({ verbs: names }) => names))].join(' ');
}

function fish(verbs: readonly Verb[]): string {
  const lines = verbs.flatMap(({ path, options, verbs: names }) => {
    const words = path.split(' ').filter((word) => word !== '');
    const under =
      words.length === 0
        ? '__fish_use_subcommand'
        : words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const about = (name: string) =>
      verbs.find((verb) => verb.path === [...words, name].join(' '))?.about ?? '';
    return [
      ...names.map(
        (name) => `complete -c sluice -f -n '${under}' -a ${name} -d '${about(name).replaceAll("'", '')}'`,
      ),
      ...options
        .filter((flag) => flag.startsWith('--'))
        .map((flag) => `complete -c sluice -n '${under}' -l ${flag.slice(2)}`),
    ];
  });
  return `${lines.join('\n')}\n`;
}
