import { safeText } from '../../core/common/common.ts';

/** The number in what a server says of itself (`hubble-relay v1.20.2+g1234`); some builds carry none. */
export function versionIn(text: string): string | undefined {
  const [found] = /\d+\.\d+\.\d+\S*/.exec(text) ?? [];
  return found === undefined ? undefined : safeText(found, 64);
}
