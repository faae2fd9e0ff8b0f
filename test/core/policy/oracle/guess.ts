/** Answers a question that nobody can know the answer to, the same one within one run. */
export type Guess = (question: string) => boolean;

class Unanswered extends Error {
  readonly question: string;
  constructor(question: string) {
    super(question);
    this.question = question;
  }
}

/** Every result that some answers to the unknown questions lead to. */
export function everyResult<T>(run: (guess: Guess) => T): ReadonlySet<T> {
  const results = new Set<T>();
  const open: ReadonlyMap<string, boolean>[] = [new Map()];
  for (let answers = open.pop(); answers !== undefined; answers = open.pop()) {
    const known = answers;
    try {
      results.add(
        run((question) => {
          const answer = known.get(question);
          if (answer === undefined) throw new Unanswered(question);
          return answer;
        }),
      );
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      open.push(new Map([...known, [error.question, true]]), new Map([...known, [error.question, false]]));
    }
  }
  return results;
}
