/** How many random runs a property gets: few in `npm test`, all with `SLUICE_FUZZ=full`. */
export function runs(few: number, all: number): { readonly numRuns: number } {
  return { numRuns: process.env.SLUICE_FUZZ === 'full' ? all : few };
}
