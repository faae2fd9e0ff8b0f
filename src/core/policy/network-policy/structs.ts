import { META_STRUCTS, type Structs } from '../../cluster/validation/structs.ts';

/**
 * The fields of a NetworkPolicy v1 and their types. Source: kubernetes staging/src/k8s.io/api/networking/v1/types.go.
 */
export const NETWORK_POLICY_STRUCTS: Structs = {
  ...META_STRUCTS,
  NetworkPolicy: 'apiVersion:string kind:string metadata:ObjectMeta spec:NetworkPolicySpec',
  NetworkPolicySpec:
    'podSelector:LabelSelector policyTypes:[]string ingress:[]NetworkPolicyIngressRule egress:[]NetworkPolicyEgressRule',
  NetworkPolicyIngressRule: 'from:[]NetworkPolicyPeer ports:[]NetworkPolicyPort',
  NetworkPolicyEgressRule: 'to:[]NetworkPolicyPeer ports:[]NetworkPolicyPort',
  NetworkPolicyPort: 'protocol:string port:int-or-string endPort:int32',
  NetworkPolicyPeer: 'podSelector:LabelSelector namespaceSelector:LabelSelector ipBlock:IPBlock',
  IPBlock: 'cidr:string except:[]string',
};
