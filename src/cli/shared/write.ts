import type { Writable } from 'node:stream';
import { SluiceError } from '../../core/common/common.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';

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

/** How much is written at once. */
const CHUNK = 1 << 18;

/** Writes lines as they are made: an answer may be a million of them. */
export function writeLines({ out }: Output, lines: Iterable<string>): void {
  let chunk = '';
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    out(chunk);
    chunk = '';
  }
  if (chunk !== '') out(chunk);
}

/**
 * Asks a stream whether it is behind: gives one promise for as long as it is, which resolves when it has drained or has
 * come to its end; undefined while it takes more. `onEnd` is called to be told of that end.
 */
export function drainedOf(
  stream: Writable,
  onEnd: (go: () => void) => void,
): () => Promise<void> | undefined {
  let drained: Promise<void> | undefined;
  return () => {
    if (!stream.writableNeedDrain) return undefined;
    drained ??= new Promise<void>((resolve) => {
      const go = () => {
        drained = undefined;
        resolve();
      };
      stream.once('drain', go);
      onEnd(go);
    });
    return drained;
  };
}

/** The process's own streams. */
export type Stdio = {
  readonly output: Output;
  /** Aborts, with the error to report, when stdout takes nothing any more. */
  readonly closed: AbortSignal;
};

/**
 * Opens stdout and stderr for verbs. A stream that fails must not end the process before what is open was closed
 * (grants above all), nor pass unseen: a full disk is a failure, a reader that went away is none.
 */
export function openStdio(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Stdio {
  const closed = new AbortController();
  let isReaderGone = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    isReaderGone = error.code === 'EPIPE' || error.code === 'EIO';
    closed.abort(
      isReaderGone
        ? new SluiceError('interrupted', 'Nobody reads the output any more.', '', error)
        : new SluiceError(
            'failed',
            `The output can't be written: ${error.message}.`,
            'Free some space, or send it elsewhere.',
            error,
          ),
    );
  });
  stderr.on('error', () => undefined);
  return {
    output: {
      out: (text) => {
        if (!closed.signal.aborted) stdout.write(text);
      },
      err: (text) => stderr.write(text),
      slow: drainedOf(stdout, (go) => closed.signal.addEventListener('abort', go, { once: true })),
      isReaderGone: () => isReaderGone,
    },
    closed: closed.signal,
  };
}

/** Controls, bidirectional and other invisible characters: JSON.stringify leaves those above U+007E as they are. */
const INVISIBLE = /[\u007f-\u009f]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}/gu;

/**
 * JSON that is safe on a terminal: what the sanitizer at the edge might have missed is escaped (TERM-2). One line
 * unless `indent` is given.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(INVISIBLE, toUnicodeEscape);
}

function toUnicodeEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
