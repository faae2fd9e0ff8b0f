import type { Selector } from '../../cluster/labels.ts';
import { parseSelector } from '../../cluster/selector.ts';
import { unprefixed } from '../model/label-keys.ts';
import type { Peer } from '../model/policy.ts';
import { refuse } from './invalid.ts';
import { mentionsNamespace } from './labels.ts';

/** An EndpointSelector; what is wrong with it refuses the policy. */
export function readSelector(value: unknown): Selector {
  const { selector, problems } = parseSelector(value);
  const [problem] = problems;
  return problem === undefined ? selector : refuse(`invalid label selector: ${problem}`);
}

/**
 * A selector among fromEndpoints or toEndpoints: pods of the policy's namespace, unless it names namespaces itself; of
 * a clusterwide policy pods of all namespaces. With a `reserved:` key it means what is no pod (CIL-5, CIL-6).
 */
export function endpointsPeer(value: unknown, namespace: string | undefined): Peer {
  const selector = readSelector(value);
  if (selector.some(({ key }) => unprefixed(key).source === 'reserved'))
    return { type: 'reserved', selector };
  const confined = namespace !== undefined && !mentionsNamespace(selector);
  return {
    type: 'pods',
    namespaces: confined ? { by: 'name', name: namespace } : { by: 'labels', selector: [] },
    pods: selector,
    identity: 'cilium',
  };
}
