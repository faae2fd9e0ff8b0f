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
