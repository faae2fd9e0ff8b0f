import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output/write.ts';
import { type Completed, fitting } from './fitting.ts';
import { namesFor } from './names.ts';
import { SCRIPTS } from './scripts.ts';

/** `sluice completion bash|zsh|fish`: a script that asks `sluice __complete` for what fits. */
export function completion(shell: string, output: Output): number {
  output.out(SCRIPTS[shell] ?? '');
  return EXIT.done;
}

/**
 * `sluice __complete WORD...`: what fits the last word, a line each with a tab before what it is about; then `:4`, or
 * `:0` where the shell should offer files. That is how Cobra's programs answer, and what kubectl asks of a plugin.
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
