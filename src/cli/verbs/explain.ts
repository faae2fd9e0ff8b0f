import { nameOfEnd, parseEnd, parsePort } from '../../core/cluster/ends.ts';
import { SluiceError } from '../../core/errors.ts';
import { explainText } from '../../core/policy/explain.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { answerBatch } from '../offline/explain/batch.ts';
import { createJudge, type PathVerdict } from '../offline/explain/judge-ends.ts';
import {
  applyEdit,
  type EditOptions,
  editTexts,
  policyText,
  readEdit,
} from '../offline/explain/policy-edit.ts';
import { type PolicyWorld, tellNotes, type WorldOptions, withWorld } from '../offline/world.ts';
import { writeAnswer } from '../output/write.ts';
import type { VerbContext } from './context.ts';

export type ExplainOptions = WorldOptions & EditOptions & { readonly port?: string; readonly batch?: string };

/**
 * `sluice explain FROM TO --port P`: the verdict of one path and why; the exit code is the verdict. With `--with` or
 * `--without`, before and after that change, and the exit code is the verdict after. With `--batch`, many paths.
 */
export async function explain(
  context: VerbContext,
  [from, to]: readonly string[],
  asked: ExplainOptions,
): Promise<number> {
  const { output, signal } = context;
  const { batch } = asked;
  if (batch !== undefined) {
    checkBatch(asked, from);
    return withWorld(context, asked, async (world) => {
      const edit = await readEdit(world, asked);
      if (edit !== undefined) {
        tellNotes(output, edit.notes);
        applyEdit(world, edit);
      }
      const { namespace } = world;
      return answerBatch(batch, { namespace, judge: createJudge(world) }, output, signal);
    });
  }
  if (from === undefined || to === undefined)
    throw missing('FROM and TO', 'Name both ends of the path, before --manifests or after --.');
  if (asked.port === undefined)
    throw missing('--port', 'Add the port of the destination, as in --port 5432/tcp.');
  const port = parsePort(asked.port);
  return withWorld(context, asked, (world) => explainPath(context, world, { from, to, port }, asked));
}

type Path = { readonly from: string; readonly to: string; readonly port: ReturnType<typeof parsePort> };

async function explainPath(
  { options, output }: VerbContext,
  world: PolicyWorld,
  path: Path,
  asked: ExplainOptions,
): Promise<number> {
  const source = parseEnd(path.from, world.namespace);
  const destination = parseEnd(path.to, world.namespace);
  const names: Names = { from: nameOfEnd(source), to: nameOfEnd(destination), ...path.port };
  const now = createJudge(world)(source, destination, path.port);
  const head = { ...names, enforcer: world.engine.dialect.enforcer };
  const edit = await readEdit(world, asked);
  if (edit === undefined) {
    writeAnswer(output, options.output, { ...head, ...now.verdict, pairs: now.pairs }, () =>
      text(pathLines(now, names)),
    );
    return exitCodeOfVerdict(now.verdict.verdict);
  }
  tellNotes(output, edit.notes);
  applyEdit(world, edit);
  const then = createJudge(world)(source, destination, path.port);
  const change = { add: edit.add.map(policyText), remove: edit.remove.map(policyText) };
  writeAnswer(
    output,
    options.output,
    { ...head, verdict: then.verdict.verdict, change, before: now.verdict, after: then.verdict },
    () => text(['now', ...pathLines(now, names), '', 'with', ...editTexts(edit), ...pathLines(then, names)]),
  );
  return exitCodeOfVerdict(then.verdict.verdict);
}

type Names = {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: string;
};

const WORDS = { allow: '✓ ALLOW', deny: '✗ DENY', undecidable: '? UNDECIDABLE' } as const;

function pathLines(path: PathVerdict, names: Names): readonly string[] {
  const { from, to, port, protocol } = names;
  const { verdict } = path;
  return [
    `${from} → ${to} :${port}/${protocol.toLowerCase()}   ${WORDS[verdict.verdict]}`,
    ...targetLines(path, names),
    ...unlikeLines(path),
    ...explainText(verdict, names),
  ];
}

/** Policies see the port of the pod, not of the service (facts/policy.md §1 rule 27). */
function targetLines({ query }: PathVerdict, { to, port }: Names): readonly string[] {
  return query.port === port ? [] : [`port ${port} of ${to} leads to port ${query.port} of its pods`];
}

/** Says so when the pods of an end differ, and which pair the verdict is about. */
function unlikeLines({ pairs, query }: PathVerdict): readonly string[] {
  const found = (['allow', 'deny', 'undecidable'] as const).filter((verdict) => pairs[verdict] > 0);
  if (found.length < 2) return [];
  const [a, b] = [query.from, query.to].map((end) => (end.type === 'pod' ? end.pod.name : end.ip));
  const counts = found.map((verdict) => `${pairs[verdict]} ${verdict}`).join(', ');
  return [`pods differ: of their pairs ${counts}; this is ${a} → ${b}`];
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function checkBatch({ batch, manifests, port }: ExplainOptions, from: string | undefined): void {
  if (from !== undefined || port !== undefined) {
    throw new SluiceError('usage', '--batch brings its own paths.', 'Leave FROM, TO and --port out.');
  }
  if (batch === '-' && manifests?.includes('-') === true) {
    throw new SluiceError(
      'usage',
      '--batch and --manifests both read stdin.',
      'Name a file for one of them.',
    );
  }
}

function missing(what: string, hint: string): SluiceError {
  return new SluiceError('usage', `${what} is missing.`, hint);
}
