import { ciliumDialect } from './cilium.ts';
import type { Dialect, EnforcerName } from './dialect.ts';
import {
  ANTREA,
  AWS_VPC_CNI,
  calicoDialect,
  KINDNET,
  KUBE_ROUTER,
  NONE,
  OVN_KUBERNETES,
  UNKNOWN,
} from './others.ts';
import { SPEC } from './spec.ts';

/** The dialects by name, each made for a version where it is known. */
export const DIALECTS: Readonly<Record<EnforcerName, (version: string | undefined) => Dialect>> = {
  cilium: ciliumDialect,
  calico: calicoDialect,
  'kube-router': (version) => versioned(KUBE_ROUTER, version),
  kindnet: (version) => versioned(KINDNET, version),
  'ovn-kubernetes': (version) => versioned(OVN_KUBERNETES, version),
  antrea: (version) => versioned(ANTREA, version),
  'aws-vpc-cni': (version) => versioned(AWS_VPC_CNI, version),
  spec: () => SPEC,
  none: () => NONE,
  unknown: () => UNKNOWN,
};

function versioned(dialect: Dialect, version: string | undefined): Dialect {
  return version === undefined ? dialect : { ...dialect, version };
}
