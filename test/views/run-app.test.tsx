import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Commands } from '../../src/session/state/commands.ts';
import { runApp } from '../../views/run-app.tsx';
import { sessionState } from '../helpers/session-state.ts';

test('keys are not echoed any more when the first frame is drawn, and are again when the app has ended', async () => {
  const steps: string[] = [];
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        if (chunk === '\r') steps.push('first column');
        if (chunk.includes('sluice')) steps.push('frame');
        done();
      },
    }),
    { columns: 80, rows: 24, isTTY: true as const },
  );
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: (on: boolean) => {
      steps.push(on ? 'raw' : 'echo');
      return stdin;
    },
    ref: () => stdin,
    unref: () => stdin,
  });
  const store = createStore(() => sessionState());
  const app = runApp({
    store,
    commands: {} as Commands,
    visibleRows: (state, pane) => state[pane],
    terminal: {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stdin: stdin as unknown as NodeJS.ReadStream,
    },
    color: 'never',
    ascii: false,
    screenReader: false,
  });
  await app.flushed();
  store.setState({ ended: true });
  await app.done;
  expect(steps.slice(0, 2)).toEqual(['raw', 'first column']);
  expect(steps).toContain('frame');
  expect(steps.at(-1)).toBe('echo');
});
