/** Answers a question that nobody can know the answer to, the same one within one run. */
export type Guess = (question: string) => boolean;

/** Every result that some answers to the unknown questions lead to. */
export function everyResult<T>(run: (guess: Guess) => T): ReadonlySet<T> {
  const results = new Set<T>();
  const open: ReadonlyMap<string, boolean>[] = [NOTHING];
  for (let given = open.pop(); given !== undefined; given = open.pop()) {
    const answers = new Map(given);
    const asked: string[] = [];
    results.add(
      run((question) => {
        const known = answers.get(question);
        if (known !== undefined) return known;
        answers.set(question, false);
        asked.push(question);
        return false;
      }),
    );
    // What came after a `no` may be otherwise after a `yes`.
    const path = new Map(given);
    for (const question of asked) {
      open.push(new Map([...path, [question, true]]));
      path.set(question, false);
    }
  }
  return results;
}

const NOTHING: ReadonlyMap<string, boolean> = new Map();
