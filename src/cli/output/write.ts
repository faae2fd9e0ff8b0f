import { writeYaml } from '../../core/yaml/write.ts';
import { toJson } from './json.ts';

/** How a verb answers. */
export type Format = 'table' | 'json' | 'yaml';

/** Where verbs write: the process's streams, or a test's. */
export type Output = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Gives a promise while whoever reads `out` is behind. */
  readonly slow?: () => Promise<void> | undefined;
  /** Whether whoever read `out` went away (`| head`): then nobody is left to tell, and it is no failure. */
  readonly isReaderGone?: () => boolean;
};

/** Writes one answer in the format asked for; `text` makes the table. */
export function writeAnswer(output: Output, format: Format, value: unknown, text: () => string): void {
  switch (format) {
    case 'json':
      output.out(`${toJson(value, 2)}\n`);
      return;
    case 'yaml':
      output.out(writeYaml(JSON.parse(toJson(value))));
      return;
    case 'table':
      output.out(text());
      return;
  }
}

/** Writes one event of a stream: a line of JSON, a YAML document, or a line of text. */
export function writeEvent(output: Output, format: Format, value: unknown, text: () => string): void {
  switch (format) {
    case 'json':
      output.out(`${toJson(value)}\n`);
      return;
    case 'yaml':
      output.out(`---\n${writeYaml(JSON.parse(toJson(value)))}`);
      return;
    case 'table':
      output.out(`${text()}\n`);
      return;
  }
}
