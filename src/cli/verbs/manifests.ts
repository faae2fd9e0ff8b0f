import {
  type AdmissionRules,
  admissionManifests,
  type Bound,
  manifestsYaml,
  patternFault,
  roleManifests,
  sweeperManifests,
} from '../../core/access/access.ts';
import { type ApiObject, labelNameFaults } from '../../core/cluster/cluster.ts';
import {
  type Approvals,
  DEFAULT_APPROVALS,
  nearestNames,
  parseDuration,
  SluiceError,
  safeText,
} from '../../core/common/common.ts';
import { isRoleName, ROLES } from '../../core/roles/roles.ts';
import { EXIT, LONGEST_WINDOW, toJson, VERSION, type VerbContext } from '../shared/shared.ts';
import { writeKustomize, writtenLine } from './kustomize-folder.ts';

type PrintOptions = { readonly kustomize?: string };

export type RbacOptions = PrintOptions & { readonly bind?: readonly string[] };

/** Where Relay is, unless said otherwise. */
const RELAY_NAMESPACE = 'kube-system';

/** `sluice manifests rbac`: a ClusterRole for each role, bound to the groups that are named. No cluster is contacted. */
export async function manifestsRbac(context: VerbContext, asked: RbacOptions): Promise<number> {
  const { namespace, hubbleNamespace = RELAY_NAMESPACE } = context.options;
  const manifests = roleManifests(VERSION, {
    groups: (asked.bind ?? []).map(boundOf),
    ...(namespace === undefined ? {} : { namespace: checkedNamespace(namespace) }),
    relayNamespace: checkedNamespace(hubbleNamespace),
  });
  return print(context, 'rbac', manifests, asked);
}

export type AdmissionOptions = PrintOptions & {
  readonly maxDuration?: string;
  readonly reasonPattern?: string;
  readonly protect?: readonly string[];
  readonly confine?: readonly string[];
  readonly approvals?: readonly string[];
  readonly approvers?: readonly string[];
  readonly breakGlass?: readonly string[];
  readonly pending?: string;
};

/**
 * `sluice manifests admission`: policies that hold every client to the limits of the configuration, which options
 * override. No cluster is contacted.
 */
export async function manifestsAdmission(context: VerbContext, asked: AdmissionOptions): Promise<number> {
  const { limits } = context.config;
  const reasonPattern = asked.reasonPattern ?? limits.reasonPattern;
  if (reasonPattern !== undefined) checkPattern(reasonPattern);
  const manifests = admissionManifests(VERSION, {
    maxSeconds:
      asked.maxDuration === undefined ? limits.maxSeconds : parseDuration(asked.maxDuration, LONGEST_WINDOW),
    ...(reasonPattern === undefined ? {} : { reasonPattern }),
    protectedNamespaces: (asked.protect ?? limits.protectedNamespaces).map(checkedPattern),
    pendingSeconds:
      asked.pending === undefined
        ? (limits.approvals ?? DEFAULT_APPROVALS).pendingSeconds
        : parseDuration(asked.pending, LONGEST_WINDOW),
    confinedGroups: (asked.confine ?? []).map(checkedGroup),
    ...approvalRules(asked, limits.approvals),
  });
  return print(context, 'admission', manifests, asked);
}

export type SweeperOptions = PrintOptions & { readonly image?: string };

/** `sluice manifests sweeper`: what runs `sweep --watch` in the cluster. No cluster is contacted. */
export async function manifestsSweeper(context: VerbContext, asked: SweeperOptions): Promise<number> {
  const { namespace } = context.options;
  const manifests = sweeperManifests(VERSION, {
    image: checkedImage(asked.image ?? `sluice:${VERSION}`),
    ...(namespace === undefined ? {} : { namespace: checkedNamespace(namespace) }),
  });
  return print(context, 'sweeper', manifests, asked);
}

/** What is said about approvals, else what the configuration requires. Throws `usage` for groups without a namespace. */
function approvalRules(
  { approvals, approvers, breakGlass }: AdmissionOptions,
  configured: Approvals | undefined,
): Pick<AdmissionRules, 'approvals'> {
  const namespaces = (approvals ?? configured?.namespaces ?? []).map(checkedPattern);
  const [approverGroups, breakGlassGroups] = [approvers ?? [], breakGlass ?? []].map((groups) =>
    groups.map(checkedGroup),
  );
  if (namespaces.length > 0)
    return {
      approvals: {
        namespaces,
        approverGroups: approverGroups ?? [],
        breakGlassGroups: breakGlassGroups ?? [],
      },
    };
  if (approvers === undefined && breakGlass === undefined) return {};
  throw new SluiceError(
    'usage',
    `${approvers === undefined ? '--break-glass' : '--approvers'} needs a namespace where approvals are required.`,
    "Add --approvals NAMESPACE, or --approvals '*' for all.",
  );
}

async function print(
  { options, output }: VerbContext,
  subject: string,
  manifests: readonly ApiObject[],
  { kustomize }: PrintOptions,
): Promise<number> {
  if (kustomize !== undefined) {
    const groups = Map.groupBy(manifests, ({ metadata }) => `${metadata.name}.yaml`);
    const files = Array.from(groups, ([name, objects]) => ({ name, objects, text: manifestsYaml(objects) }));
    const { written, warnings } = await writeKustomize(kustomize, `sluice manifests ${subject}`, files);
    if (options.output === 'json') output.out(`${toJson({ written, warnings }, 2)}\n`);
    else output.out(written.map(writtenLine).join(''));
    for (const text of options.output === 'json' ? [] : warnings) output.err(`sluice: ${text}\n`);
    return EXIT.done;
  }
  output.out(
    options.output === 'json'
      ? `${toJson({ apiVersion: 'v1', kind: 'List', items: manifests }, 2)}\n`
      : manifestsYaml(manifests),
  );
  return EXIT.done;
}

/** @throws SluiceError `usage` */
function boundOf(text: string): Bound['groups'][number] {
  const cut = text.indexOf('=');
  const [role, group] = [text.slice(0, cut), text.slice(cut + 1)];
  if (cut < 0 || group === '') {
    throw new SluiceError(
      'usage',
      `"${safeText(text)}" is not a role with a group.`,
      'Use ROLE=GROUP, such as operator=oncall.',
    );
  }
  if (isRoleName(role)) return { role, group: checkedGroup(group) };
  const names = ROLES.map(({ name }) => name);
  const near = nearestNames(role, names);
  throw new SluiceError(
    'usage',
    `Unknown role "${safeText(role)}".`,
    near.length === 0 ? `Use one of: ${names.join(', ')}.` : `Did you mean ${near.join(' or ')}?`,
  );
}

function checkedGroup(name: string): string {
  if (name.trim() !== '' && safeText(name) === name) return name;
  throw new SluiceError(
    'usage',
    `"${safeText(name)}" is not a group.`,
    'Use the name that kubectl auth whoami shows to its members.',
  );
}

function checkedImage(name: string): string {
  if (/^[\w.\-/:@]+$/.test(name)) return name;
  throw new SluiceError(
    'usage',
    `"${safeText(name)}" is not the name of an image.`,
    'Use the name under which your nodes find it, such as example.com/sluice:1.',
  );
}

function checkedNamespace(name: string): string {
  if (labelNameFaults(name).length === 0) return name;
  throw new SluiceError(
    'usage',
    `"${safeText(name)}" is not a namespace.`,
    'Use lower case letters, digits and hyphens, as kubectl get namespaces shows them.',
  );
}

function checkedPattern(pattern: string): string {
  if (/^[a-z0-9*]([a-z0-9*-]{0,61}[a-z0-9*])?$/.test(pattern)) return pattern;
  throw new SluiceError(
    'usage',
    `"${safeText(pattern)}" is not a namespace to protect.`,
    'Use its name, with * for any characters, such as prod-*.',
  );
}

function checkPattern(pattern: string): void {
  const fault = patternFault(pattern);
  if (fault === undefined) return;
  throw new SluiceError(
    'usage',
    `The reason pattern "${safeText(pattern)}" can't be enforced: ${fault}.`,
    "Pass --reason-pattern with one that both understand, such as '^INC-[0-9]+'.",
  );
}
