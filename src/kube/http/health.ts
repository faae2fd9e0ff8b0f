/** What recent calls say of the connection as a whole. */
export type Health = {
  lost(): void;
  answered(): void;
  /** Whether the server has only just answered again after being out of reach. */
  starting(): boolean;
};

/** For how long after its return a server's 403 is not believed, ms: it lasted 0.8 to 1.3 s when measured. */
const STARTING = 2_000;

/**
 * Remembers lost connections. A starting API server answers 403 until its RBAC caches are filled (API-7).
 *
 * @param now a clock that never jumps, ms
 */
export function createHealth(now: () => number = () => performance.now()): Health {
  let away = false;
  let back = Number.NEGATIVE_INFINITY;
  return {
    lost: () => {
      away = true;
    },
    answered: () => {
      if (away) back = now();
      away = false;
    },
    starting: () => now() - back < STARTING,
  };
}
