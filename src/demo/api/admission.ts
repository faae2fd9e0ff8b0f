import {
  type ApiObject,
  type DecodeFault,
  decode,
  type FieldError,
  metadataFaults,
  type Structs,
} from '../../core/cluster/cluster.ts';
import { isRecord, listAt } from '../../core/common/common.ts';
import { NETWORK_POLICY_STRUCTS, networkPolicySpecFaults } from '../../core/policy/kinds/kinds.ts';
import type { ApiContext, Call } from './call.ts';
import { defaultJob, jobFaults } from './job.ts';
import { apiVersionOf, qualified, type Resource } from './resources.ts';
import { ApiFailure, badRequest, invalid } from './status.ts';

/** A body parsed as an object of a resource; `unknown` lists unknown fields. */
export type Read = { readonly object: ApiObject; readonly unknown: readonly string[] };

/**
 * Reads a body as an object of a resource. A missing `apiVersion` or `kind` is taken from the path. Throws 400 for
 * another kind and for values of the wrong type.
 */
export function readObject(body: Readonly<Record<string, unknown>>, resource: Resource): Read {
  const apiVersion = body.apiVersion ?? apiVersionOf(resource);
  const kind = body.kind ?? resource.kind;
  if (kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    const version = String(apiVersion).split('/').at(-1);
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${resource.kind}: no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  const { value, faults } = Object.hasOwn(STRUCTS, resource.kind)
    ? decode(body, resource.kind, STRUCTS)
    : { value: body, faults: [] };
  const mismatch = faults.find((fault) => fault.type === 'mismatch');
  if (mismatch !== undefined) {
    throw badRequest(
      `${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${mismatchText(mismatch)}`,
    );
  }
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const name = typeof metadata.name === 'string' ? metadata.name : '';
  return {
    object: { ...value, apiVersion, kind, metadata: { ...metadata, name } } as ApiObject,
    unknown: faults.map(({ path }) => path),
  };
}

/** The message of Go's JSON decoder for a value of the wrong type. */
function mismatchText({
  value,
  wanted,
  owner,
  field,
}: Extract<DecodeFault, { readonly type: 'mismatch' }>): string {
  const type = wanted === 'int-or-string' ? 'int32' : wanted.replace(/^(?:\[\])*(?=[A-Z])/, '$&v1.');
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const shown = typeof value === 'number' && type.startsWith('int') ? `number ${value}` : found;
  return `json: cannot unmarshal ${shown} into Go struct field ${owner}.${field} of type ${type}`;
}

/** The object with the defaults of its kind. `uid` is set in a new Job's selector and labels. */
export function withDefaults(object: ApiObject, resource: Resource, uid: string): ApiObject {
  switch (resource.kind) {
    case 'Job':
      return defaultJob(object, uid);
    case 'NetworkPolicy':
      return defaultNetworkPolicy(object);
    case 'Namespace':
      return {
        ...object,
        metadata: {
          ...object.metadata,
          labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name },
        },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      };
    default:
      return object;
  }
}

/** Throws 422 for an invalid object, listing every error. */
export function validate(object: ApiObject, resource: Resource, also: readonly FieldError[] = []): void {
  const faults = [
    ...metadataFaults(object.metadata, resource.kind),
    ...kindFaults(object, resource),
    ...also,
  ];
  if (faults.length > 0) {
    throw invalid({ group: resource.group, kind: resource.kind, name: object.metadata.name }, faults);
  }
}

function kindFaults(object: ApiObject, resource: Resource): readonly FieldError[] {
  switch (resource.kind) {
    case 'Job':
      return jobFaults(object);
    case 'NetworkPolicy':
      return networkPolicySpecFaults(object.spec);
    default:
      return [];
  }
}

/** The fields of strictly decoded kinds; other kinds are accepted as is. */
const STRUCTS: Structs = {
  ...NETWORK_POLICY_STRUCTS,

  Job: 'apiVersion:string kind:string metadata:ObjectMeta spec:JobSpec status:any',
  JobSpec:
    'parallelism:int32 completions:int32 activeDeadlineSeconds:int64 podFailurePolicy:any successPolicy:any backoffLimit:int32 backoffLimitPerIndex:int32 maxFailedIndexes:int32 selector:LabelSelector manualSelector:bool template:PodTemplateSpec ttlSecondsAfterFinished:int32 completionMode:string suspend:bool podReplacementPolicy:string managedBy:string',
  PodTemplateSpec: 'metadata:ObjectMeta spec:PodSpec',
  PodSpec:
    'volumes:[]any initContainers:[]Container containers:[]Container ephemeralContainers:[]any restartPolicy:string terminationGracePeriodSeconds:int64 activeDeadlineSeconds:int64 dnsPolicy:string nodeSelector:map serviceAccountName:string serviceAccount:string automountServiceAccountToken:bool nodeName:string hostNetwork:bool hostPID:bool hostIPC:bool shareProcessNamespace:bool securityContext:PodSecurityContext imagePullSecrets:[]any hostname:string subdomain:string affinity:any schedulerName:string tolerations:[]any hostAliases:[]any priorityClassName:string priority:int32 dnsConfig:any readinessGates:[]any runtimeClassName:string enableServiceLinks:bool preemptionPolicy:string overhead:any topologySpreadConstraints:[]any setHostnameAsFQDN:bool os:any hostUsers:bool schedulingGates:[]PodSchedulingGate resourceClaims:[]any resources:ResourceRequirements hostnameOverride:string schedulingGroup:any',
  PodSchedulingGate: 'name:string',
  PodSecurityContext:
    'seLinuxOptions:any windowsOptions:any runAsUser:int64 runAsGroup:int64 runAsNonRoot:bool supplementalGroups:[]int64 supplementalGroupsPolicy:string fsGroup:int64 sysctls:[]any fsGroupChangePolicy:string seccompProfile:SeccompProfile appArmorProfile:any seLinuxChangePolicy:string',
  SeccompProfile: 'type:string localhostProfile:string',
  Container:
    'name:string image:string command:[]string args:[]string workingDir:string ports:[]ContainerPort envFrom:[]any env:[]any resources:ResourceRequirements resizePolicy:[]any restartPolicy:string restartPolicyRules:[]any volumeMounts:[]any volumeDevices:[]any livenessProbe:any readinessProbe:any startupProbe:any lifecycle:any terminationMessagePath:string terminationMessagePolicy:string imagePullPolicy:string securityContext:SecurityContext stdin:bool stdinOnce:bool tty:bool',
  ContainerPort: 'name:string hostPort:int32 containerPort:int32 protocol:string hostIP:string',
  ResourceRequirements: 'limits:any requests:any claims:[]any',
  SecurityContext:
    'capabilities:Capabilities privileged:bool seLinuxOptions:any windowsOptions:any runAsUser:int64 runAsGroup:int64 runAsNonRoot:bool readOnlyRootFilesystem:bool allowPrivilegeEscalation:bool procMount:string seccompProfile:SeccompProfile appArmorProfile:any',
  Capabilities: 'add:[]string drop:[]string',
};

const TYPES = ['Ingress', 'Egress'];

/**
 * A NetworkPolicy with its defaults: protocol TCP, an empty podSelector, `policyTypes` from its sections (NP-6, NP-7,
 * NP-24).
 */
function defaultNetworkPolicy(policy: ApiObject): ApiObject {
  const spec = isRecord(policy.spec) ? policy.spec : {};
  const egress = listAt(spec, 'egress');
  const types = listAt(spec, 'policyTypes');
  return {
    ...policy,
    spec: {
      podSelector: {},
      ...spec,
      ...(Array.isArray(spec.ingress) ? { ingress: spec.ingress.map(withProtocols) } : {}),
      ...(egress.length > 0 ? { egress: egress.map(withProtocols) } : {}),
      policyTypes: types.length > 0 ? types : egress.length > 0 ? TYPES : ['Ingress'],
    },
  };
}

function withProtocols(rule: unknown): unknown {
  if (!isRecord(rule) || !Array.isArray(rule.ports)) return rule;
  return { ...rule, ports: rule.ports.map((port) => (isRecord(port) ? { protocol: 'TCP', ...port } : port)) };
}

/** Runs admission on an object; throws 403 if it is denied. */
export function admit(
  context: ApiContext,
  call: Call,
  verb: 'create' | 'update',
  object: ApiObject,
): ApiObject {
  call.warnings.push(...context.warnings());
  return context.admissions().reduce((admitted, admission) => {
    const result = admission(admitted, { verb, resource: call.resource.plural, user: call.user.username });
    if (!('deny' in result) || typeof result.deny !== 'string') return result as ApiObject;
    const { resource } = call;
    const name = admitted.metadata.name;
    const title = `${qualified(resource.plural, resource.group)} "${name}"`;
    throw new ApiFailure(403, 'Forbidden', `${title} is forbidden: ${result.deny}`, {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
    });
  }, object);
}
