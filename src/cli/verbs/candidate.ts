/** A candidate for the word being typed. */
export type Candidate = { readonly value: string; readonly about: string };

/** A candidate that needs no description. */
export function plain(value: string): Candidate {
  return { value, about: '' };
}
