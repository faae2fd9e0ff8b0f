import type { FlowEnd } from '../../core/traffic/traffic.ts';
import type { AttemptLine } from '../state/state.ts';

/**
 * The path of a row in words, with the namespace of each end that is not in the one in view: `web → db :5432`,
 * `monitoring/prometheus → web :8080`. Nothing in view means all namespaces.
 */
export function rowPath(
  { row: { source, destination, sourceName, destinationName, port } }: AttemptLine,
  inView: string | undefined,
): string {
  const ports = port === undefined ? '' : ` :${port}`;
  return `${named(sourceName, source, inView)} → ${named(destinationName, destination, inView)}${ports}`;
}

/** An end without a pod may be a Service, whose namespace it then is. */
function named(name: string, { namespace, service }: FlowEnd, inView: string | undefined): string {
  const home = namespace ?? (service?.name === name ? service.namespace : undefined);
  return home === undefined || home === inView ? name : `${home}/${name}`;
}
