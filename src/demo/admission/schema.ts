/**
 * The fields of the kinds that are decoded strictly. A field is `name:type`; types are `string`, `bool`, `int32`,
 * `int64`, `int-or-string`, `map` (of strings), `any`, a struct of this table, and `[]` before any of these.
 */
const STRUCTS = {
  ObjectMeta:
    'name:string generateName:string namespace:string selfLink:string uid:string resourceVersion:string generation:int64 creationTimestamp:string deletionTimestamp:string deletionGracePeriodSeconds:int64 labels:map annotations:map ownerReferences:[]OwnerReference finalizers:[]string managedFields:[]any',
  OwnerReference:
    'apiVersion:string kind:string name:string uid:string controller:bool blockOwnerDeletion:bool',
  LabelSelector: 'matchLabels:map matchExpressions:[]LabelSelectorRequirement',
  LabelSelectorRequirement: 'key:string operator:string values:[]string',

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

  NetworkPolicy: 'apiVersion:string kind:string metadata:ObjectMeta spec:NetworkPolicySpec',
  NetworkPolicySpec:
    'podSelector:LabelSelector ingress:[]NetworkPolicyIngressRule egress:[]NetworkPolicyEgressRule policyTypes:[]string',
  NetworkPolicyIngressRule: 'ports:[]NetworkPolicyPort from:[]NetworkPolicyPeer',
  NetworkPolicyEgressRule: 'ports:[]NetworkPolicyPort to:[]NetworkPolicyPeer',
  NetworkPolicyPort: 'protocol:string port:int-or-string endPort:int32',
  NetworkPolicyPeer: 'podSelector:LabelSelector namespaceSelector:LabelSelector ipBlock:IPBlock',
  IPBlock: 'cidr:string except:[]string',
} as const;

export type StructName = keyof typeof STRUCTS;

const parsed = new Map<string, ReadonlyMap<string, string>>();

/** The fields of a struct with their types, or undefined for a name that is no struct. */
export function fieldsOf(struct: string): ReadonlyMap<string, string> | undefined {
  if (!isStruct(struct)) return undefined;
  const known = parsed.get(struct);
  if (known !== undefined) return known;
  const fields = new Map(
    STRUCTS[struct].split(' ').map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1)];
    }),
  );
  parsed.set(struct, fields);
  return fields;
}

/** Whether objects of a kind are decoded by this table; others are taken as they come. */
export function isStruct(name: string): name is StructName {
  return Object.hasOwn(STRUCTS, name);
}
