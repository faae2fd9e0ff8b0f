import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Interrupt, listenForSignals } from '../../../src/cli/shared/signals.ts';

let interrupt: Interrupt | undefined;
let exit: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
  exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
});

afterEach(() => {
  interrupt?.dispose();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('two ctrl-c at once, as npm forwards them, count as one; a later one exits the process', () => {
  interrupt = listenForSignals();
  process.emit('SIGINT', 'SIGINT');
  expect(interrupt.signal.reason).toMatchObject({ code: 'interrupted' });
  vi.advanceTimersByTime(200);
  process.emit('SIGINT', 'SIGINT');
  expect(exit).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  process.emit('SIGINT', 'SIGINT');
  expect(exit).toHaveBeenCalledWith(130);
});

test.each(['SIGTERM', 'SIGHUP'] as const)('repeated %s lets the cleanup finish', (name) => {
  interrupt = listenForSignals();
  process.emit(name, name);
  vi.advanceTimersByTime(2_000);
  process.emit(name, name);
  expect(exit).not.toHaveBeenCalled();
});

test('while the terminal is lent, ctrl-c is for who has it, also when npm forwards it a moment later', async () => {
  interrupt = listenForSignals();
  const over = Promise.withResolvers<void>();
  let lent: AbortSignal | undefined;
  const login = interrupt.lend((signal) => {
    lent = signal;
    return over.promise;
  });
  process.emit('SIGINT', 'SIGINT');
  expect(lent?.aborted).toBe(true);
  over.resolve();
  await login;
  vi.advanceTimersByTime(200);
  process.emit('SIGINT', 'SIGINT');
  expect(interrupt.signal.aborted).toBe(false);
  vi.advanceTimersByTime(2_000);
  process.emit('SIGINT', 'SIGINT');
  expect(interrupt.signal.aborted).toBe(true);
});

test('a SIGTERM while the terminal is lent ends both', async () => {
  interrupt = listenForSignals();
  await interrupt.lend(async (signal) => {
    process.emit('SIGTERM', 'SIGTERM');
    expect(signal.aborted).toBe(true);
  });
  expect(interrupt.signal.aborted).toBe(true);
});
