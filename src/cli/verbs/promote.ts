import { SluiceError } from '../../core/common/common.ts';
import {
  formatPorts,
  type Grant,
  leftOutText,
  MOST_LISTED,
  type PathOutcome,
  type PlacedPolicy,
  type PromotedPath,
  policyFile,
  promotedText,
} from '../../core/grants/grants.ts';
import type { Decision } from '../../core/policy/model/model.ts';
import {
  grantEndOf,
  grantPortsOf,
  parseGrantPorts,
  parsePathEnd,
  resolveEnd,
} from '../../core/policy/path/path.ts';
import { diffText } from '../../core/policy/reach/reach.ts';
import { type PlacedPromotion, pathsOfGrant, type Runtime } from '../../session/session.ts';
import { needPods, openConnection, withRuntime } from '../connect/connect.ts';
import { EXIT, exitCodeOfVerdict, type Output, toJson, type VerbContext } from '../shared/shared.ts';
import { policyText } from './explain-policy-edit.ts';
import { type FolderFile, type WrittenFile, writeKustomize, writtenLine } from './kustomize-folder.ts';
import { readDenied } from './promote-flows.ts';
import { type FoundGrants, findInScope, pickGrant } from './with-grants.ts';

export type PromoteOptions = {
  readonly port?: readonly string[];
  readonly fromFlows?: string;
  readonly kustomize?: string;
};

/** What is promoted: grants by id, one path by its ends, or the denied attempts of a recording. */
type Asked =
  | { readonly by: 'grants'; readonly ids: readonly string[] }
  | { readonly by: 'path'; readonly from: string; readonly to: string; readonly port: string }
  | { readonly by: 'flows'; readonly file: string };

/**
 * `sluice promote GRANT...`, `FROM TO --port P` or `--from-flows FILE`: writes the permanent policies that paths need,
 * and what they do; never applies them. The exit code is the verdict with the policies.
 *
 * @throws SluiceError `refused`, as `grant` does, for a path that was asked for and that no NetworkPolicy can open
 */
export async function promote(
  context: VerbContext,
  args: readonly string[],
  asked: PromoteOptions,
): Promise<number> {
  const { options, output, signal } = context;
  const what = askedOf(args, asked);
  const connection = await openConnection(options, {}, signal);
  const work = { traffic: false, asked: options.namespace, signal };
  return withRuntime(connection, work, async (runtime, within) => {
    needPods(runtime);
    const { paths, notNamed } = await pathsOf(runtime, what, { ...context, signal: within });
    if (paths.length + notNamed.length === 0) {
      const where = options.namespace === undefined ? '' : ` in namespace ${options.namespace}`;
      output.err(`sluice: No attempt in ${asked.fromFlows} was denied${where}: no policy is needed.\n`);
    }
    const promotion = await runtime.promote(paths, within);
    const outcomes = [...promotion.paths, ...notNamed];
    const refused = outcomes.find(({ outcome }) => outcome === 'refused');
    if (refused !== undefined && what.by !== 'flows')
      throw new SluiceError('refused', refused.message ?? '', refused.hint ?? '');
    await write(context, { ...promotion, paths: outcomes }, asked);
    return refused === undefined ? exitCodeOfVerdict(worstOf(promotion.paths)) : EXIT.deny;
  });
}

/** @throws SluiceError `usage` for arguments that don't say what is meant */
function askedOf(args: readonly string[], { port, fromFlows }: PromoteOptions): Asked {
  const [from, to, ...more] = args;
  if (fromFlows !== undefined) {
    if (from === undefined && port === undefined) return { by: 'flows', file: fromFlows };
    throw usage(
      `${port === undefined ? `"${from}"` : '--port'} can't be used with --from-flows.`,
      'Remove it: the paths come from the recording.',
    );
  }
  if (port !== undefined) {
    if (from !== undefined && to !== undefined && more.length === 0)
      return { by: 'path', from, to, port: port.join(',') };
    const count = args.length === 0 ? 'none' : `"${args.join(' ')}"`;
    throw usage(`--port is for a path, which has two ends, got ${count}.`, 'Pass FROM and TO.');
  }
  if (from === undefined) {
    throw usage(
      'What to promote is missing.',
      'Pass ids of grants, or FROM and TO with --port, or --from-flows FILE.',
    );
  }
  if (args.some((text) => /[/.:]/.test(text)))
    throw usage('--port is missing.', 'Add the port of the destination, such as --port 5432/tcp.');
  return { by: 'grants', ids: [...new Set(args)] };
}

type Found = { readonly paths: readonly PromotedPath[]; readonly notNamed: readonly PathOutcome[] };

async function pathsOf(runtime: Runtime, what: Asked, context: VerbContext): Promise<Found> {
  switch (what.by) {
    case 'grants':
      return { paths: await pathsOfGrants(runtime, what.ids, context), notNamed: [] };
    case 'path':
      return { paths: [pathNamed(runtime, what)], notNamed: [] };
    case 'flows':
      return readDenied(runtime, what.file, context);
  }
}

async function pathsOfGrants(
  runtime: Runtime,
  ids: readonly string[],
  { options, signal }: VerbContext,
): Promise<readonly PromotedPath[]> {
  const { api, namespace = 'default' } = runtime.connection;
  const found = await findInScope(api, options, namespace, 'wherever', signal);
  return ids.flatMap((id) => pathsOfGrant(runtime, grantNamed(found, id, ids.length === 2)));
}

/** @param mayBePath whether two ends may be meant, whose port is missing */
function grantNamed(found: FoundGrants, id: string, mayBePath: boolean): Grant {
  try {
    return pickGrant(found, id);
  } catch (error) {
    if (!mayBePath || !(error instanceof SluiceError)) throw error;
    throw new SluiceError(error.code, error.message, `${error.hint} For a path, add --port.`, error);
  }
}

function pathNamed({ model, connection }: Runtime, asked: Extract<Asked, { by: 'path' }>): PromotedPath {
  const { namespace = 'default' } = connection;
  const ports = parseGrantPorts(asked.port, MOST_LISTED);
  const source = grantEndOf(model, parsePathEnd(asked.from, namespace), 'source');
  const destination = grantEndOf(model, parsePathEnd(asked.to, namespace), 'destination');
  resolveEnd(model, source);
  resolveEnd(model, destination);
  return { source, destination, ports: grantPortsOf(model, destination, ports) };
}

/** `db-from-web.yaml`, with the namespace where policies of two have the same name. */
function filesOf(policies: readonly PlacedPolicy[]): readonly FolderFile[] {
  return policies.map((policy) => {
    const { name, namespace } = policy.manifest.metadata;
    const isAlone = policies.filter(({ manifest }) => manifest.metadata.name === name).length === 1;
    return {
      name: `${isAlone ? '' : `${namespace}-`}${name}.yaml`,
      objects: [policy.manifest],
      text: policyFile(policy),
    };
  });
}

/** The policies go to stdout or to files; what they do goes to stderr, unless everything is JSON. */
async function write(
  { options, output }: VerbContext,
  promotion: PlacedPromotion,
  { kustomize }: PromoteOptions,
): Promise<void> {
  const { policies, paths, warnings } = promotion;
  const folder =
    kustomize === undefined || policies.length === 0
      ? { written: undefined, warnings: [] }
      : await writeKustomize(kustomize, 'sluice promote', filesOf(policies));
  const all = { ...promotion, warnings: [...warnings, ...folder.warnings] };
  if (options.output === 'json') {
    output.out(`${toJson(jsonOf(all, folder.written), 2)}\n`);
    return;
  }
  const isPrinted = folder.written === undefined;
  // Of a path that was asked for by name, what is not needed is said on stderr alone.
  const isRecorded = paths.some(({ attempts }) => attempts !== undefined);
  if (isPrinted) output.out(promotedText(policies, isRecorded ? paths : []));
  else output.out(folder.written.map(writtenLine).join(''));
  tell(output, all, isPrinted && isRecorded);
}

/** @param isLeftOutTold whether what has no policy was told already */
function tell({ err }: Output, promotion: PlacedPromotion, isLeftOutTold: boolean): void {
  const { paths, policies, effect, findings, warnings } = promotion;
  for (const path of paths) {
    const name = `${path.from} → ${path.to} ${formatPorts(path.ports)}`;
    if (path.outcome !== 'needed') {
      if (!isLeftOutTold)
        err(`sluice: ${path.attempts === undefined ? `${path.message} ${path.hint}` : leftOutText(path)}\n`);
    } else err(`${name}: ${path.before} now without a grant, ${path.after} with it\n`);
  }
  if (policies.length === 0) return;
  err(['effect on the whole cluster, compared with no grants', ...diffText(effect), ''].join('\n'));
  for (const text of warnings) err(`sluice: WARNING: ${text}\n`);
  for (const { id, policy, text, fix } of findings)
    err(`sluice: WARNING: ${policyText(policy)}: ${text} ${fix} (lint ${id})\n`);
}

function jsonOf(
  { policies, paths, effect, findings, warnings }: PlacedPromotion,
  written: readonly WrittenFile[] | undefined,
): unknown {
  return {
    paths,
    policies: policies.map(({ direction, manifest, rules, managers }) => ({
      direction,
      manifest,
      rules: rules.map(({ name, ports, attempts }) => ({ name, ports, attempts })),
      managers,
    })),
    ...effect,
    findings,
    warnings,
    written,
  };
}

const WORST: readonly Decision[] = ['deny', 'undecidable'];

/** The worst verdict of all paths with the policies. */
function worstOf(paths: readonly PathOutcome[]): Decision {
  return WORST.find((verdict) => paths.some(({ after }) => after === verdict)) ?? 'allow';
}

function usage(message: string, hint: string): SluiceError {
  return new SluiceError('usage', message, hint);
}
