/** What every property draws from, so that it fails for everybody or for nobody. */
const FIXED = 1;

/**
 * The seed of `SLUICE_FUZZ_SEED`, or the fixed one where it is not set.
 *
 * @throws Error for what is no whole number
 */
export function fuzzSeed(text: string | undefined): number {
  if (text === undefined) return FIXED;
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new Error(
    `SLUICE_FUZZ_SEED is ${JSON.stringify(text)}, which is no whole number of up to ten digits. Set it to the seed that a failure tells, or unset it.`,
  );
}
