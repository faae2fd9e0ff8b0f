/**
 * What kind of thing went wrong. `cli` maps each code to an exit code, `views` to a colour. `left-open`: something
 * that should be closed, or whole, is not; it is told even to who has interrupted.
 * `bug` is the only one that asks the user to report it.
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
 * An error a person can act on: one sentence with the value at fault (`message`), one with the next step
 * (`hint`). `cause` is shown with `--debug` only.
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

/** The error as a SluiceError: itself, or wrapped as a `bug` whose hint asks for a report. */
export function asSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SluiceError(
    'bug',
    `Unexpected: ${message}`,
    'Run again with --debug and report the output.',
    error,
  );
}

/** Whether the error only says that somebody aborted on purpose. Such errors are never shown. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CanceledError');
}

/** Ends a switch over a union: the compiler refuses it while a member is unhandled. */
export function assertNever(value: never): never {
  throw new Error(`unhandled: ${JSON.stringify(value)}`);
}
