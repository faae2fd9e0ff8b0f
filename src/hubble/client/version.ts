import { safeText } from '../../core/common/common.ts';

/** The version number in a server's description (`hubble-relay v1.20.2+g1234`); some builds have none. */
export function versionIn(text: string): string | undefined {
  const [found] = /\d+\.\d+\.\d+\S*/.exec(text) ?? [];
  return found === undefined ? undefined : safeText(found, 64);
}
