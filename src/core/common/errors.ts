/**
 * The category of an error. `cli` maps each code to an exit code, `views` to a color. `left-open`: something that
 * should be closed, or complete, is not; it is reported even after an interrupt. `bug` is the only one that asks the
 * user to report it.
 */
export type ErrorCode =
  | 'usage'
  | 'config'
  | 'unreachable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'refused'
  | 'left-open'
  | 'unsupported'
  | 'failed'
  | 'interrupted'
  | 'bug';

/**
 * An error the user can act on: one sentence with the value at fault (`message`), one with the next step (`hint`).
 * `cause` is shown with `--debug` only.
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}

/**
 * The error as a SluiceError: itself, a deadline that ran out (`AbortSignal.timeout`) as what it means, or wrapped as a
 * `bug` whose hint asks for a report.
 */
export function asSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new SluiceError(
      'unreachable',
      'The cluster did not answer in time.',
      'Check the network and the API server, then try again.',
      error,
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SluiceError(
    'bug',
    `Unexpected error: ${message}`,
    'Run again with --debug and report the output.',
    error,
  );
}

/** Whether the error only reports a deliberate abort. Such errors are never shown. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CanceledError');
}

/** Ends a switch over a union: it does not compile while a member is unhandled. */
export function assertNever(value: never): never {
  throw new Error(`unhandled: ${JSON.stringify(value)}`);
}
