import { isRecord } from '../../core/json.ts';
import { withCiliumConfig } from '../../core/policy/assume.ts';
import { type Dialect, dialectOf, type EnforcerName } from '../../core/policy/dialect.ts';
import type { Connection } from '../connection.ts';

/** How the enforcer reads policies here; Cilium's ConfigMap says some of it, to those who may read it. */
export async function dialectFor(
  { api }: Connection,
  enforcer: EnforcerName,
  signal: AbortSignal,
): Promise<Dialect> {
  const dialect = dialectOf(enforcer);
  if (enforcer !== 'cilium') return dialect;
  const ref = {
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'kube-system',
    name: 'cilium-config',
  };
  const config = await api.read(ref, signal).catch(() => undefined);
  const data = isRecord(config?.data) ? config.data : {};
  const texts = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return withCiliumConfig(dialect, Object.fromEntries(texts));
}
