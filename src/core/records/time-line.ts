import { plural } from '../common/common.ts';
import type { AuditRecord } from '../ports/ports.ts';

/**
 * A time line in Markdown, for a post-mortem: what each grant was for, then every record in order, then how far the log
 * can be trusted.
 *
 * @param records sanitized, oldest first
 * @param verification what checking the log said
 */
export function timeLine(records: readonly AuditRecord[], log: string, verification: string): string {
  const byGrant = Map.groupBy(
    records.filter(({ grant }) => grant !== undefined && grant.id !== 'none'),
    ({ grant }) => grant?.id ?? '',
  );
  const [first, last] = [records.at(0), records.at(-1)];
  const span = first === undefined || last === undefined ? '' : `, ${utc(first.time)} to ${utc(last.time)}`;
  return [
    `# Grants in ${escaped(log)}`,
    '',
    `${plural(records.length, 'record')}${span} (UTC).`,
    '',
    ...Array.from(byGrant.entries()).flatMap(([id, own]) => grantLines(id, own)),
    '## Time line',
    '',
    '| time (UTC) | grant | what | who | outcome | record |',
    '|---|---|---|---|---|---|',
    ...records.map(rowOf),
    '',
    '## Evidence',
    '',
    escaped(verification),
    '',
  ].join('\n');
}

function grantLines(id: string, records: readonly AuditRecord[]): readonly string[] {
  const { grant, actor, reason, ticket, cluster } =
    records.find(({ type }) => type === 'granted') ?? records[0] ?? {};
  if (grant === undefined || actor === undefined) return [];
  const facts = [
    ['path', `${grant.source} → ${grant.destination} ${grant.ports}`],
    ['asked by', actor.username],
    ['reason', reason],
    ['ticket', ticket],
    ['cluster', cluster?.context],
    ['open until', records.findLast((record) => record.grant?.expiresAt !== undefined)?.grant?.expiresAt],
  ];
  return [
    `## Grant ${escaped(id)}`,
    '',
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${escaped(value)}`])),
    '',
  ];
}

function rowOf({ time, grant, type, actor, outcome, seq, hash }: AuditRecord): string {
  const cells = [utc(time), grant?.id ?? '', type, actor.username, outcome];
  return `| ${cells.map(escaped).join(' | ')} | ${seq} \`${hash.slice(0, 12)}\` |`;
}

function utc(time: number): string {
  return new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '');
}

/** Text that Markdown shows as it is: somebody wrote it, and it may hold links, tables or HTML. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~&]/g, (character) => `\\${character}`);
}
