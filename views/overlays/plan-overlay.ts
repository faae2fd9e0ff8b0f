import { formatDuration, plural, several } from '../../src/core/common/common.ts';
import {
  type Doubt,
  type GrantPlan,
  type PlannedHalf,
  portRuns,
  toConfirm,
} from '../../src/core/grants/grants.ts';
import type { Direction, PairChange } from '../../src/core/policy/model/model.ts';
import { pathChangesText } from '../../src/core/policy/reach/reach.ts';
import {
  asksForApproval,
  type GrantForm,
  type ServerSays,
  type SessionState,
} from '../../src/session/session.ts';
import { entry, type Line, span, type Tone, wallClock } from '../text/text.ts';

const LABEL = 12;

type Made = Extract<GrantPlan, { ok: true }>;

/**
 * Everything that will happen, before it does; or in the same place, why it can't. While a plan is made, nothing of the
 * one before is shown; its room stays, so that the form keeps its size.
 */
export function planLines(form: GrantForm, state: SessionState, columns: number): readonly Line[] {
  const { plan } = form;
  switch (plan.state) {
    case 'none':
      return [[span('What will happen: fill in the fields above', 'faint')]];
    case 'making': {
      const room = plan.before === undefined ? [] : outcomeLines(plan.before, PENDING, form, state, columns);
      return [[span('◌ planning…', 'faint')], ...room.map((): Line => [span(' ')])];
    }
    case 'made':
      return [
        [span('What will happen', 'strong')],
        ...outcomeLines(plan.plan, plan.server, form, state, columns),
      ];
  }
}

const PENDING: ServerSays = { state: 'pending' };

function outcomeLines(
  plan: GrantPlan,
  server: ServerSays | undefined,
  form: GrantForm,
  state: SessionState,
  columns: number,
): readonly Line[] {
  if (!plan.ok) return refusal(plan.message, plan.hint, columns);
  return [...madeLines(plan, form, state, columns), ...serverLines(server, columns)];
}

function madeLines(plan: Made, form: GrantForm, state: SessionState, columns: number): readonly Line[] {
  const ends = state.serverNow + plan.seconds * 1000;
  const asked = asksForApproval(form);
  return [
    ...confirmedLines(plan, form.confirming, columns),
    ...planEntry(
      '✓',
      'opens',
      pairsText(plan.opens) + (plan.extra.length === 0 ? ', nothing else' : ''),
      'good',
      columns,
    ),
    ...(plan.extra.length === 0
      ? []
      : planEntry(
          '!',
          'also',
          `opens ${pathChangesText(plan.extra, 3)}, which you did not ask for`,
          'warn',
          columns,
        )),
    ...halfEntry('egress', plan, columns),
    ...halfEntry('ingress', plan, columns),
    ...(asked
      ? planEntry(
          '◷',
          'approval',
          'nothing opens before somebody else approves it; unanswered it ends by itself',
          'time',
          columns,
        )
      : []),
    ...planEntry(
      '◷',
      'ends',
      `${asked ? `${formatDuration(plan.seconds)} after the approval` : wallClock(ends)}, removed by the cluster even if this machine dies`,
      'time',
      columns,
    ),
    ...planEntry('✓', 'after', plan.after, 'good', columns),
    ...plan.warnings.flatMap((text) => planEntry('!', 'note', text, 'warn', columns)),
  ];
}

/** `2 pairs: a, b → db-0, tcp 5432, udp 53`. */
function pairsText(pairs: readonly PairChange[]): string {
  const from = several([...new Set(pairs.map((pair) => pair.from.name))], 3);
  const to = several([...new Set(pairs.map((pair) => pair.to.name))], 3);
  return `${plural(pairs.length, 'pair')}: ${from} → ${to}, ${several(portTexts(pairs), 4)}`;
}

/** `tcp 5432`, `tcp 8000-8100`. */
function portTexts(pairs: readonly PairChange[]): readonly string[] {
  const unique = new Map(pairs.map((pair) => [`${pair.protocol} ${pair.port}`, pair]));
  const ports = [...unique.values()].sort((a, b) => a.port - b.port);
  return Map.groupBy(ports, ({ protocol }) => protocol)
    .entries()
    .flatMap(([protocol, some]) =>
      portRuns(some).map(
        ({ from, to }) => `${protocol.toLowerCase()} ${from === to ? from : `${from}-${to}`}`,
      ),
    )
    .toArray();
}

function halfEntry(direction: Direction, plan: Made, columns: number): readonly Line[] {
  const planned = plan.halves.filter((half) => half.direction === direction);
  if (planned.length === 0) {
    const { isolated, summary } = plan.before[direction];
    const why = isolated
      ? summary
      : `${direction === 'egress' ? plan.source : plan.destination} is not isolated`;
    return planEntry('✓', direction, `${why}: nothing to add`, 'good', columns);
  }
  return planned.flatMap((half) => planEntry('+', direction, policyText(half, plan), 'time', columns));
}

function policyText({ namespace, policy, direction }: PlannedHalf, { isolates }: Made): string {
  const cut = isolates.some((change) => change.direction === direction);
  const note = cut ? '' : ' (already isolated: no other traffic is cut)';
  return `NetworkPolicy ${namespace}/${policy.metadata.name}${note}`;
}

/** What is to be confirmed. */
function confirmedLines(plan: Made, confirming: boolean, columns: number): readonly Line[] {
  const doubts = toConfirm(plan);
  const lines = doubts.flatMap(({ what, names }) =>
    planEntry('!', what, `${several(names, 4)}: ${DOUBT_TEXT[what]}`, 'alert', columns),
  );
  return confirming && lines.length > 0
    ? [...lines, ...planEntry('!', 'confirm', CONFIRM, 'alert', columns)]
    : lines;
}

const CONFIRM = 'press enter again to go ahead, esc to go back';

const DOUBT_TEXT: Readonly<Record<Doubt['what'], string>> = {
  isolates: 'all other traffic in that direction is cut',
  unknown: 'may block the path in spite of the grant, or open it without',
  wide: 'whatever has one of them is admitted',
};

function refusal(message: string, hint: string, columns: number): readonly Line[] {
  return [
    ...entry([span("✗ can't open", 'bad')], LABEL + 2, span(message), columns),
    ...entry([], LABEL + 2, span(hint, 'faint'), columns),
  ];
}

function serverLines(server: ServerSays | undefined, columns: number): readonly Line[] {
  switch (server?.state) {
    case undefined:
      return [];
    case 'pending':
      return planEntry('◌', 'server', 'dry-run in progress', 'faint', columns);
    case 'accepted':
      return server.changes.length === 0
        ? planEntry('✓', 'server', 'dry-run accepted, unchanged by admission', 'good', columns)
        : planEntry(
            '!',
            'server',
            `dry-run accepted; admission changes ${several(server.changes, 4)}`,
            'warn',
            columns,
          );
    case 'refused':
      return [
        ...planEntry('✗', 'server', server.message, 'bad', columns),
        ...entry([], LABEL, span(server.hint, 'faint'), columns),
      ];
  }
}

function planEntry(
  symbol: string,
  label: string,
  text: string,
  tone: Tone,
  columns: number,
): readonly Line[] {
  const body = tone === 'alert' ? span(text, tone) : span(text);
  return entry(
    [span(symbol, tone), span(` ${label}`, tone === 'alert' ? tone : 'faint')],
    LABEL,
    body,
    columns,
  );
}
