import { PassThrough, Writable } from 'node:stream';

/** A terminal of a size that shows nothing: `onWrite` gets what the app writes, `stdin` takes keys. */
export function sinkTerminal(columns: number, rows: number, onWrite: (chunk: string) => void) {
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        onWrite(chunk);
        done();
      },
    }),
    { columns, rows, isTTY: true },
  );
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => {},
    ref: () => {},
    unref: () => {},
  });
  return {
    stdin,
    terminal: {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stdin: stdin as unknown as NodeJS.ReadStream,
    },
  };
}
