import { isRecord } from '../../core/json.ts';
import { withCiliumConfig } from '../../core/policy/enforcers/cilium.ts';
import { dialectOf, type NamedEnforcer } from '../../core/policy/enforcers/enforcers.ts';
import type { Dialect } from '../../core/policy/match/dialect.ts';
import type { ClusterInfo } from '../../core/ports.ts';
import type { Connection } from '../connection.ts';

/** The enforcer asked for, else the one detected; a name alone keeps the version that was seen of it. */
export function enforcerOf(
  info: Pick<ClusterInfo, 'enforcer' | 'enforcerVersion'>,
  asked: NamedEnforcer | undefined,
): NamedEnforcer {
  const { enforcer: name, enforcerVersion: version } = info;
  const seen = version === undefined ? { name } : { name, version };
  if (asked === undefined) return seen;
  return asked.name === name && asked.version === undefined ? seen : asked;
}

/** How the enforcer reads policies here; Cilium's ConfigMap says some of it, to those who may read it. */
export async function dialectFor(
  { api }: Connection,
  { name, version }: NamedEnforcer,
  signal: AbortSignal,
): Promise<Dialect> {
  const dialect = dialectOf(name, version);
  if (name !== 'cilium') return dialect;
  const ref = {
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'kube-system',
    name: 'cilium-config',
  };
  const config = await api.read(ref, signal).catch(() => undefined);
  if (config === undefined) return dialect;
  const data = isRecord(config.data) ? config.data : {};
  const texts = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return withCiliumConfig(dialect, Object.fromEntries(texts));
}
