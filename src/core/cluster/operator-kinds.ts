import { type Raw, rawOf, textOf } from '../common/common.ts';

/** The pods of a kind whose operator writes the template: what labels they have, and where they listen. */
type Operated = {
  readonly labels: (name: string) => Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;
  /** The field of the spec that holds the metadata of the pods. */
  readonly metadata?: string;
};

const byPrometheus = (app: string, key: string) => (name: string) => ({
  'app.kubernetes.io/name': app,
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/managed-by': 'prometheus-operator',
  [key]: name,
});

/** By group and kind. Each entry says what its operator documents or sets in code (API-16). */
const OPERATED: Readonly<Record<string, Operated>> = {
  'monitoring.coreos.com/Prometheus': {
    labels: (name) => ({
      ...byPrometheus('prometheus', 'prometheus')(name),
      'operator.prometheus.io/name': name,
      'operator.prometheus.io/shard': '0',
    }),
    ports: { web: 9090 },
    metadata: 'podMetadata',
  },
  'monitoring.coreos.com/PrometheusAgent': {
    labels: (name) => ({
      ...byPrometheus('prometheus-agent', 'prometheus')(name),
      'operator.prometheus.io/name': name,
      'operator.prometheus.io/shard': '0',
    }),
    ports: { web: 9090 },
    metadata: 'podMetadata',
  },
  'monitoring.coreos.com/Alertmanager': {
    labels: byPrometheus('alertmanager', 'alertmanager'),
    ports: { web: 9093, 'mesh-tcp': 9094 },
    metadata: 'podMetadata',
  },
  'monitoring.coreos.com/ThanosRuler': {
    labels: byPrometheus('thanos-ruler', 'thanos-ruler'),
    ports: { web: 10902, grpc: 10901 },
    metadata: 'podMetadata',
  },
  'postgresql.cnpg.io/Cluster': {
    labels: (name) => ({ 'cnpg.io/cluster': name, 'cnpg.io/podRole': 'instance' }),
    ports: { postgresql: 5432, metrics: 9187, status: 8000 },
  },
  'kafka.strimzi.io/Kafka': {
    labels: (name) => ({
      'strimzi.io/cluster': name,
      'strimzi.io/kind': 'Kafka',
      'strimzi.io/name': `${name}-kafka`,
    }),
    ports: {},
  },
  'elasticsearch.k8s.elastic.co/Elasticsearch': {
    labels: (name) => ({
      'common.k8s.elastic.co/type': 'elasticsearch',
      'elasticsearch.k8s.elastic.co/cluster-name': name,
    }),
    ports: { https: 9200 },
  },
  'kibana.k8s.elastic.co/Kibana': {
    labels: (name) => ({ 'common.k8s.elastic.co/type': 'kibana', 'kibana.k8s.elastic.co/name': name }),
    ports: { https: 5601 },
  },
  'rabbitmq.com/RabbitmqCluster': {
    labels: (name) => ({
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/component': 'rabbitmq',
      'app.kubernetes.io/part-of': 'rabbitmq',
    }),
    ports: { amqp: 5672, management: 15672, prometheus: 15692 },
  },
};

/** The pod template that the operator of a kind writes; undefined for an unknown kind. */
export function operatedTemplate(group: string, kind: string, name: string, spec: Raw): Raw | undefined {
  const known = Object.hasOwn(OPERATED, `${group}/${kind}`) ? OPERATED[`${group}/${kind}`] : undefined;
  if (known === undefined) return undefined;
  const own = known.metadata === undefined ? {} : rawOf(rawOf(spec[known.metadata]).labels);
  const ports = Object.entries(known.ports).map(([port, containerPort]) => ({ name: port, containerPort }));
  return {
    metadata: { labels: { ...own, ...known.labels(name) } },
    spec: {
      hostNetwork: spec.hostNetwork === true,
      serviceAccountName: textOf(spec.serviceAccountName),
      containers: [{ name: kind.toLowerCase(), ports }],
    },
  };
}
