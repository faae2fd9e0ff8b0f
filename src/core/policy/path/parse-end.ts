import { type EndRef, parseCidr, parseIp } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';

/** The kinds of ends, by every spelling that kubectl accepts. */
const KINDS: Readonly<Record<string, string>> = {
  deploy: 'Deployment',
  deployment: 'Deployment',
  deployments: 'Deployment',
  sts: 'StatefulSet',
  statefulset: 'StatefulSet',
  statefulsets: 'StatefulSet',
  ds: 'DaemonSet',
  daemonset: 'DaemonSet',
  daemonsets: 'DaemonSet',
  rs: 'ReplicaSet',
  replicaset: 'ReplicaSet',
  replicasets: 'ReplicaSet',
  rc: 'ReplicationController',
  replicationcontroller: 'ReplicationController',
  replicationcontrollers: 'ReplicationController',
  job: 'Job',
  jobs: 'Job',
  cj: 'CronJob',
  cronjob: 'CronJob',
  cronjobs: 'CronJob',
  ro: 'Rollout',
  rollout: 'Rollout',
  rollouts: 'Rollout',
  dc: 'DeploymentConfig',
  deploymentconfig: 'DeploymentConfig',
  deploymentconfigs: 'DeploymentConfig',
  cloneset: 'CloneSet',
  clonesets: 'CloneSet',
  prometheus: 'Prometheus',
  prometheuses: 'Prometheus',
  alertmanager: 'Alertmanager',
  alertmanagers: 'Alertmanager',
  svc: 'Service',
  service: 'Service',
  services: 'Service',
  po: 'Pod',
  pod: 'Pod',
  pods: 'Pod',
};

const NAME = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const SHAPES =
  'Use pod, ns/pod, deploy/name, svc/name, sts/name, ds/name, ns/kind/name, an IP address or a CIDR.';

/**
 * Parses an end: `pod`, `ns/pod`, `deploy/name` (every short form of kubectl), `ns/kind/name`, an address or a CIDR. Two
 * parts are kind and name if the first is a kind, otherwise namespace and pod. Does not check whether it exists.
 *
 * @throws SluiceError `usage` with the accepted formats
 */
export function parseEnd(text: string, defaultNamespace: string): EndRef {
  const address = addressOf(text);
  if (address !== undefined) return address;
  const [first = '', second, third, ...rest] = text.split('/');
  if (rest.length > 0) throw wrong(text, 'has too many parts');
  if (text === '') throw wrong(text, 'is not an end of a path');
  if (second === undefined) return endOf(text, 'Pod', defaultNamespace, first);
  const kind = kindNamed(first);
  if (third === undefined) {
    return kind === undefined
      ? endOf(text, 'Pod', first, second)
      : endOf(text, kind, defaultNamespace, second);
  }
  const named = kindNamed(second);
  if (named === undefined) throw wrong(text, `names "${second}", which is not a kind that has pods`);
  return endOf(text, named, first, third);
}

/** A kind that has pods, or Service, by any spelling that kubectl accepts. */
export function kindNamed(text: string): string | undefined {
  const key = text.toLowerCase();
  return Object.hasOwn(KINDS, key) ? KINDS[key] : undefined;
}

function endOf(text: string, kind: string, namespace: string, name: string): EndRef {
  if (!NAME.test(namespace)) throw wrong(text, `has "${namespace}" where a namespace is expected`);
  if (name === '') throw wrong(text, 'has no name');
  if (!NAME.test(name)) throw wrong(text, `has "${name}" where a name is expected`);
  if (kind === 'Pod') return { type: 'pod', namespace, name };
  if (kind === 'Service') return { type: 'service', namespace, name };
  return { type: 'workload', ref: { kind, namespace, name } };
}

/** Digits and dots are an address or a typo, never a name. */
function addressOf(text: string): EndRef | undefined {
  const looksLikeAddress = /^[\d.]+(?:\/\d*)?$/.test(text) || text.includes(':');
  if (!looksLikeAddress || /^\d+$/.test(text)) return undefined;
  const single = text.replace(text.includes(':') ? /\/128$/ : /\/32$/, '');
  if (parseIp(single) !== undefined) return { type: 'ip', ip: single };
  if (parseCidr(text) !== undefined) return { type: 'range', cidr: text };
  if (text.includes('/')) {
    throw new SluiceError(
      'usage',
      `"${text}" is not a valid CIDR.`,
      'Use an address and how many bits of it count, as in 198.51.100.0/24 or 2001:db8::/32.',
    );
  }
  throw new SluiceError(
    'usage',
    `"${text}" is not a valid IP address.`,
    'Use four numbers from 0 to 255 without leading zeros, or an IPv6 address without a zone.',
  );
}

function wrong(text: string, what: string): SluiceError {
  return new SluiceError('usage', `"${text}" ${what}.`, SHAPES);
}
