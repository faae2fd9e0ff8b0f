import { wallClock } from '../../../views/text/text.ts';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { type SweepEvent, watchLeftovers } from '../../session/session.ts';
import { EXIT, type VerbContext, writeEvent } from '../shared/shared.ts';
import { resultJson, resultRow } from './sweep.ts';
import { earliestNow, withGrants } from './with-grants.ts';

/**
 * `sluice sweep --watch`: sweeps leftovers of the current namespace, or of all with `-A`, as they appear, and writes a line
 * about each (GRANT-70). Goes on until it is interrupted, which is its normal end.
 */
export async function sweepWatch(
  context: VerbContext,
  names: readonly string[],
  { dryRun = false }: { readonly dryRun?: boolean },
): Promise<number> {
  if (names.length > 0 || dryRun) {
    throw new SluiceError(
      'usage',
      `--watch can't be used with ${names.length > 0 ? names.map((name) => safeText(name)).join(', ') : '--dry-run'}.`,
      names.length > 0
        ? 'Remove the names: it sweeps every leftover.'
        : 'Use sluice sweep --dry-run to look once.',
    );
  }
  const { output, options, signal } = context;
  return withGrants(context, 'in-view', async (deps, { namespace }) => {
    const { clock } = deps.api;
    const tell = (event: SweepEvent) => {
      const time = clock.now();
      writeEvent(
        output,
        options.output,
        { event: event.event, time: new Date(time).toISOString(), ...eventJson(event, namespace) },
        () => [wallClock(time), ...eventWords(event, namespace)].join('  '),
      );
    };
    const where = namespace === undefined ? {} : { namespace };
    await watchLeftovers(deps, { ...where, now: () => earliestNow(clock), tell }, signal);
    return EXIT.done;
  });
}

function eventJson(event: SweepEvent, namespace: string | undefined): Readonly<Record<string, unknown>> {
  switch (event.event) {
    case 'watching':
      return { namespace };
    case 'waiting':
      return { message: event.message };
    case 'swept':
      return { ...resultJson(event), deleted: event.end.deleted, unrecorded: event.end.unrecorded };
    case 'told':
      return resultJson({ finding: event.finding, end: undefined });
  }
}

function eventWords(event: SweepEvent, namespace: string | undefined): readonly string[] {
  switch (event.event) {
    case 'watching':
      return ['watching', namespace === undefined ? 'all namespaces' : `namespace ${namespace}`];
    case 'waiting':
      return ['waiting', event.message];
    case 'swept': {
      const { left, unrecorded } = event.end;
      const lost = unrecorded.map((text) => `not in the audit log: ${text}`);
      return [...rowWords(event), ...[...left, ...lost].filter((text) => text !== '')];
    }
    case 'told':
      return rowWords({ finding: event.finding, end: undefined });
  }
}

function rowWords(result: Parameters<typeof resultRow>[0]): readonly string[] {
  const [name = '', state = '', ...rest] = resultRow(result);
  return [state, name, ...rest].filter((word) => word !== '');
}
