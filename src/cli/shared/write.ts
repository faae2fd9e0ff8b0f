import type { Writable } from 'node:stream';
import { SluiceError } from '../../core/common/common.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';

/** Output formats. */
export type Format = 'table' | 'json' | 'yaml';

/** Where verbs write: the process's streams, or a test's. */
export type Output = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Returns a promise while the reader of `out` is behind. */
  readonly slow?: () => Promise<void> | undefined;
  /** Whether the reader of `out` went away (`| head`), which is not a failure. */
  readonly isReaderGone?: () => boolean;
};

/** Writes one result in the given format; `text` renders the table. */
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

/** Characters per write. */
const CHUNK = 1 << 18;

/** Writes lines as they are produced: there may be a million of them. */
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
 * Reports backpressure of a stream: returns one shared promise while it is behind, which resolves when it has drained
 * or ended; undefined while it accepts more. `onEnd` registers a callback for that end; it is called once.
 */
export function drainedOf(
  stream: Writable,
  onEnd: (go: () => void) => void,
): () => Promise<void> | undefined {
  let drained: PromiseWithResolvers<void> | undefined;
  const go = () => {
    drained?.resolve();
    drained = undefined;
  };
  stream.on('drain', go);
  onEnd(go);
  return () => {
    if (!stream.writableNeedDrain) return undefined;
    drained ??= Promise.withResolvers<void>();
    return drained.promise;
  };
}

/** The process's own streams. */
export type Stdio = {
  readonly output: Output;
  /** Aborts, with the error to report, when stdout can no longer be written. */
  readonly closed: AbortSignal;
};

/**
 * Opens stdout and stderr for verbs. A failing stream must not end the process before cleanup (grants above all), nor
 * go unnoticed: a full disk is a failure, a reader that went away is not.
 */
export function openStdio(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Stdio {
  const closed = new AbortController();
  let isReaderGone = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    isReaderGone = error.code === 'EPIPE' || error.code === 'EIO';
    closed.abort(
      isReaderGone
        ? new SluiceError('interrupted', 'The reader of the output went away.', '', error)
        : new SluiceError(
            'failed',
            `Unable to write the output: ${error.message}.`,
            'Free some disk space, or write to another place.',
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

/** Control, bidirectional and other invisible characters, which JSON.stringify does not escape above U+007E. */
const INVISIBLE = /[\u007f-\u009f]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Co}/gu;

/**
 * JSON that is safe on a terminal: anything the sanitizer at the edge missed is escaped (TERM-2). One line unless
 * `indent` is given.
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
