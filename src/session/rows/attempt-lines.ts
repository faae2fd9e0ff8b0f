import { type ClusterModel, policyKey } from '../../core/live/live.ts';
import type { Engine, HalfDecision } from '../../core/policy/decide/decide.ts';
import type { PathSummary } from '../../core/policy/explain/explain.ts';
import { isInPart, type Judgement, summarized } from '../../core/policy/path/path.ts';
import type { Attempt, AttemptRow, FlowEnd, FlowPolicy } from '../../core/traffic/traffic.ts';
import type { AttemptLine } from '../state/state.ts';
import { judgedOn, seenPath } from './seen-path.ts';

/** Adds to each attempt row why it was allowed or dropped. */
export type AttemptLines = (rows: readonly AttemptRow[]) => readonly AttemptLine[];

/** Lines without a time limit: every row is judged by the policies now in force. */
export function createAttemptLines(model: ClusterModel, engine: Engine): AttemptLines {
  const stamp = () => model.revision('policies') + model.revision('pods') + model.revision('namespaces');
  const judged = createJudgedLines(model, engine, stamp);
  return (rows) => judged.of(rows, () => true);
}

/** Lines made with a limit on the time for judging. */
export type JudgedLines = {
  /**
   * The lines for rows, in order. Rows that need judging are judged while `mayJudge` returns true; the others keep
   * their last verdict, if any.
   */
  readonly of: (rows: readonly AttemptRow[], mayJudge: () => boolean) => readonly AttemptLine[];
  /**
   * Judges rows that the last call of `of` left unjudged, those with the keys in `first` before others, until `isOver`;
   * returns whether there are new verdicts.
   */
  readonly work: (isOver: () => boolean, first: readonly string[]) => boolean;
  /** Rows that are still unjudged. */
  readonly left: () => number;
};

/**
 * The verdict of policies on an attempt. `decider`: the first policy on an allowed path; `open`: why some backends of a
 * Service are open while others are not.
 */
type Judged = PathSummary & {
  readonly decider: string | undefined;
  readonly inPart: boolean;
  readonly open: string | undefined;
  readonly decidedBy: readonly string[];
  /** The policy that denies the path, where one does. */
  readonly denier: string | undefined;
};

/** The last line made for a row. `stamp` is undefined while the row's current state has not been judged. */
type Made = {
  readonly row: AttemptRow;
  readonly ends: string;
  readonly stamp: number | undefined;
  readonly judged: Judged | undefined;
  readonly line: AttemptLine;
};

/** `stampOf` returns a different number once the verdict of a row may have changed. */
export function createJudgedLines(
  model: ClusterModel,
  engine: Engine,
  stampOf: (row: AttemptRow) => number,
): JudgedLines {
  let made = new Map<string, Made>();
  const left = new Map<string, AttemptRow>();

  /** Reuses the last verdict while the row's ends are the same and nothing near them changed. */
  const make = (row: AttemptRow, before: Made | undefined, mayJudge: () => boolean): Made => {
    const stamp = stampOf(row);
    const ends = before?.row.newest === row.newest ? before.ends : endsText(row.newest);
    const known = before?.ends === ends ? before : undefined;
    if (known?.stamp === stamp) return { ...known, row, line: lineOf(row, known.judged, before?.line) };
    if (!mayJudge()) {
      left.set(row.key, row);
      const judged = known?.judged;
      if (before?.row === row && before.stamp === undefined) return before;
      return { row, ends, stamp: undefined, judged, line: lineOf(row, judged, before?.line) };
    }
    const judgement = judgeAttempt(model, engine, row);
    const judged = judgement === undefined ? undefined : inBrief(engine, judgement);
    return { row, ends, stamp, judged, line: lineOf(row, judged, before?.line) };
  };

  const judge = (row: AttemptRow) => {
    left.delete(row.key);
    made.set(
      row.key,
      make(row, made.get(row.key), () => true),
    );
  };

  return {
    of: (rows, mayJudge) => {
      left.clear();
      if (made.size > 2 * rows.length + 1_000) {
        made = new Map(rows.flatMap(({ key }) => pairOf(key, made.get(key))));
      }
      return rows.map((row) => {
        const before = made.get(row.key);
        if (before?.row === row && before.stamp === stampOf(row)) return before.line;
        const next = make(row, before, mayJudge);
        made.set(row.key, next);
        return next.line;
      });
    },
    work: (isOver, first) => {
      const before = left.size;
      const ordered = function* () {
        for (const key of first) yield left.get(key);
        yield* left.values();
      };
      if (before > 0) {
        for (const row of ordered()) {
          if (isOver()) break;
          if (row !== undefined) judge(row);
        }
      }
      return left.size < before;
    },
    left: () => left.size,
  };
}

function pairOf<T>(key: string, value: T | undefined): readonly (readonly [string, T])[] {
  return value === undefined ? [] : [[key, value]];
}

/** Identifies the ends of an attempt among the attempts of its row. */
function endsText({ source, destination, protocol }: Attempt): string {
  const one = ({ namespace, pod, ip, port }: FlowEnd) => `${namespace}/${pod}/${ip}:${port}`;
  return `${one({ ...source, port: 0 })} ${one(destination)} ${protocol}`;
}

function inBrief(engine: Engine, judgement: Judgement): Judged {
  const { ingress, egress } = judgement.worst.decision;
  const [first] = [...ingress.steps, ...egress.steps];
  const summary = summarized(engine, judgement);
  return {
    ...summary,
    decider: first?.applied.policy.name,
    inPart: isInPart(judgement),
    decidedBy: [ingress, egress]
      .filter(({ verdict }) => judgement.verdict !== 'deny' || verdict === 'deny')
      .flatMap(({ steps }) => steps.map(({ applied }) => policyKey(applied.policy))),
    open: judgement.parts.find(({ verdict }) => verdict === 'allow')?.why,
    denier: denierOf(egress, summary.egress.summary) ?? denierOf(ingress, summary.ingress.summary),
  };
}

/** The policy that the summary of a denied half is about. */
function denierOf({ verdict, steps }: HalfDecision, summary: string): string | undefined {
  if (verdict !== 'deny') return undefined;
  const names = steps.map(({ applied }) => applied.policy.name);
  return names.find((name) => summary.startsWith(`${name} `)) ?? names[0];
}

function policiesNamed(attempt: Attempt): readonly string[] {
  return decidersInFlows(attempt).flatMap(({ kind, namespace, name }) =>
    kind === undefined ? [] : [policyKey({ kind, namespace, name })],
  );
}

function lineOf(row: AttemptRow, verdict: Judged | undefined, before?: AttemptLine): AttemptLine {
  const differs = verdict === undefined ? undefined : difference(row.newest, verdict);
  return {
    key: row.key,
    row,
    why: whyOf(row.newest, verdict),
    differs,
    decidedBy: [...new Set([...(verdict?.decidedBy ?? []), ...policiesNamed(row.newest)])],
    droppedBy: row.newest.verdict === 'drop' ? droppedBy(row.newest, verdict, before) : before?.droppedBy,
  };
}

/**
 * The policies that decided an attempt, as its flows name them: those that deny it where it was denied, and only then,
 * because what admitted one half of a drop didn't decide it; else those that let it through.
 */
export function decidersInFlows({ verdict, deniedBy, allowedBy }: Attempt): readonly FlowPolicy[] {
  return verdict === 'drop' || verdict === 'audit' ? deniedBy : allowedBy;
}

/**
 * What a drop is counted under: the policies that deny it, else why the datapath dropped it. When no policy denies the
 * path any more, as a grant has just opened it, the one that did stays.
 */
function droppedBy(
  { deniedBy, dropReason }: Attempt,
  verdict: Judged | undefined,
  before: AttemptLine | undefined,
): string | undefined {
  if (deniedBy.length > 0) return deniedBy.map(({ name }) => name).join(', ');
  const isPolicy = dropReason === undefined || isPolicyDrop(dropReason.code);
  return (isPolicy ? (verdict?.denier ?? before?.droppedBy) : undefined) ?? dropReason?.text.toLowerCase();
}

/** The line of a row without policies to judge it by: only what its flows say. */
export function lineOfFlows(row: AttemptRow): AttemptLine {
  return lineOf(row, undefined);
}

/** The judgement of the pair in a row's newest attempt; undefined if too little is known about it. */
function judgeAttempt(model: ClusterModel, engine: Engine, row: AttemptRow): Judgement | undefined {
  const path = seenPath(model, row);
  const judgement = path === undefined ? undefined : judgedOn({ model, engine }, path);
  return judgement instanceof Error ? undefined : judgement;
}

function whyOf(attempt: Attempt, verdict: Judged | undefined): string {
  switch (attempt.verdict) {
    case 'drop':
      return dropWhy(attempt, verdict);
    case 'allow':
    case 'pending':
      return allowWhy(attempt, verdict);
    case 'l7':
      return attempt.l7 === undefined ? 'allowed at L4, the proxy decides' : attempt.l7.text;
    case 'audit':
      return 'audit mode: would be dropped';
    case 'failed':
      return 'reached, refused by the destination';
    case 'error':
      return attempt.dropReason?.text ?? 'datapath error';
  }
}

function dropWhy(attempt: Attempt, verdict: Judged | undefined): string {
  const { deniedBy } = attempt;
  if (deniedBy.length > 0) return `${policyNames(deniedBy)} ${deniedBy.length === 1 ? 'denies' : 'deny'} it`;
  if (verdict?.egress.verdict === 'deny') return verdict.egress.summary;
  if (verdict?.ingress.verdict === 'deny') return verdict.ingress.summary;
  const { dropReason } = attempt;
  if (dropReason !== undefined && !isPolicyDrop(dropReason.code)) return dropReason.text.toLowerCase();
  if (verdict?.verdict === 'undecidable') return undecided(verdict);
  return dropReason?.text.toLowerCase() ?? attempt.l7?.text ?? 'dropped, no policy explains it';
}

function allowWhy(attempt: Attempt, verdict: Judged | undefined): string {
  const named = policyNames(attempt.allowedBy);
  if (verdict === undefined) return named;
  const { decider } = verdict;
  if (decider !== undefined && verdict.verdict === 'allow') return decider;
  if (verdict.open !== undefined) return verdict.open;
  if (named !== '') return named;
  const toPod = attempt.destination.pod !== undefined || attempt.destination.service !== undefined;
  return toPod ? verdict.ingress.summary : verdict.egress.summary;
}

function undecided(verdict: Judged): string {
  const half = verdict.egress.verdict === 'undecidable' ? verdict.egress : verdict.ingress;
  return half.summary;
}

/** 133 and 181 are policy drops; anything else is a network problem (HUB-11). */
function isPolicyDrop(code: number): boolean {
  return code === 133 || code === 181;
}

/** How the evaluator and the datapath disagree, if they do. */
function difference(attempt: Attempt, verdict: Judged): string | undefined {
  // It is unknown which backend it was.
  if (verdict.inPart) return undefined;
  if (
    attempt.verdict === 'drop' &&
    verdict.verdict === 'allow' &&
    (attempt.dropReason === undefined || isPolicyDrop(attempt.dropReason.code))
  ) {
    return 'dropped, although policies allow it';
  }
  if (attempt.verdict === 'allow' && verdict.verdict === 'deny') return 'allowed, although policies deny it';
  return undefined;
}

function policyNames(policies: readonly FlowPolicy[]): string {
  return policies
    .map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`))
    .join(', ');
}
