import { expect, test } from 'vitest';

/** What became of one case. */
export type Outcome =
  | { readonly result: 'passed' }
  | { readonly result: 'failed'; readonly why: string }
  | { readonly result: 'skipped'; readonly why: string };

/** A case that agrees unless it found something; at most five findings are shown. */
export function judged(findings: readonly string[]): Outcome {
  if (findings.length === 0) return { result: 'passed' };
  const more = findings.length > 5 ? ` … and ${findings.length - 5} more` : '';
  return { result: 'failed', why: `${findings.slice(0, 5).join('; ')}${more}` };
}

/** Runs a suite as one test: prints its numbers, fails on the first disagreement, and on an empty suite. */
export function suite(
  name: string,
  cases: () => Iterable<readonly [name: string, run: () => Outcome]>,
): void {
  test(`agrees with every case of ${name} that it can read`, () => {
    const outcomes = Array.from(cases(), ([label, run]) => ({ label, outcome: run() }));
    const failures = outcomes.flatMap(({ label, outcome }) =>
      outcome.result === 'failed' ? [`${label}: ${outcome.why}`] : [],
    );
    const skips = outcomes.flatMap(({ outcome }) => (outcome.result === 'skipped' ? [outcome.why] : []));
    const reasons = [...Map.groupBy(skips, (why) => why)].map(([why, list]) => `${list.length} × ${why}`);
    const passed = outcomes.length - failures.length - skips.length;
    process.stdout.write(
      `${name}: ${outcomes.length} cases, ${passed} passed, ${failures.length} failed, ${skips.length} skipped${
        reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
      }\n`,
    );
    expect(outcomes.length).toBeGreaterThan(0);
    expect(failures).toEqual([]);
  });
}
