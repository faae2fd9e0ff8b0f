/** What a blessed screen listens to. Left in place, the process ignores SIGTERM and SIGINT (TERM-8). */
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'exit', 'uncaughtException'] as const;

/** Runs `make` and takes away every listener that it has added to the process. */
export function withoutNewListeners<T>(make: () => T): T {
  const before = EVENTS.map((event) => new Set(process.rawListeners(event)));
  const made = make();
  EVENTS.forEach((event, index) => {
    for (const listener of process.rawListeners(event)) {
      if (before[index]?.has(listener) !== true) process.removeListener(event, listener as () => void);
    }
  });
  return made;
}
