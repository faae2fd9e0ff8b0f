import type { Structs } from '../../core/cluster/validation/structs.ts';
import { NETWORK_POLICY_STRUCTS } from '../../core/policy/network-policy/structs.ts';

/** The fields of the kinds that are decoded strictly; other kinds are taken as they come. */
export const STRUCTS: Structs = {
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
