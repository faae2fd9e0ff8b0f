import { SluiceError } from '../../core/errors.ts';
import type { AttemptLine } from '../../session/state.ts';

/** Which attempts to tell, as given on the command line. */
export type Wanted = {
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly verdict?: string;
};

/** The words that `--verdict` takes. */
export const VERDICTS: readonly string[] = ['allow', 'drop', 'l7', 'audit', 'error', 'failed', 'pending'];

/**
 * Whether an attempt is wanted, by exact names: a pod, a workload, `ns/name`, `ns/` or an address.
 *
 * @throws SluiceError `usage` for a port or verdict that is none
 */
export function matcher({ from, to, port, verdict }: Wanted): (line: AttemptLine) => boolean {
  const number = port === undefined ? undefined : whole(port, '--port');
  const word = verdict?.toLowerCase();
  if (word !== undefined && !VERDICTS.includes(word)) {
    throw new SluiceError(
      'usage',
      `"${verdict}" is no verdict.`,
      'Use allow, drop, l7, audit, error or failed.',
    );
  }
  return ({ row }) =>
    (from === undefined || isNamed(row.sourceName, row.source, from)) &&
    (to === undefined || isNamed(row.destinationName, row.destination, to)) &&
    (number === undefined || row.port === number) &&
    (word === undefined || row.verdict === word);
}

type Named = { readonly namespace?: string; readonly pod?: string; readonly ip?: string };

function isNamed(name: string, { pod, ip, namespace }: Named, text: string): boolean {
  return [name, pod, ip, `${namespace}/${pod}`, `${namespace}/${name}`, `${namespace}/`].includes(text);
}

/** A whole number from 1, of an option. */
export function whole(value: string, option: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1_000_000) {
    throw new SluiceError(
      'usage',
      `${option} "${value}" is no whole number from 1.`,
      `Write it like ${option} 20.`,
    );
  }
  return number;
}
