/** Runs in a task of its own: a key that is pressed in it is read before React commits what else it does. */
export function inTask<T>(act: () => T): Promise<T> {
  return new Promise((resolve, reject) =>
    setImmediate(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error);
      }
    }),
  );
}
