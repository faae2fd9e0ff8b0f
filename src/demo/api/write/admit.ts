import type { ApiObject } from '../../../core/ports.ts';
import type { ApiContext, Call } from '../call.ts';
import { qualified } from '../kinds/resources.ts';
import { ApiFailure } from '../status.ts';

/** What admission makes of an object; throws 403 where it refuses. */
export function admit(
  context: ApiContext,
  call: Call,
  verb: 'create' | 'update',
  object: ApiObject,
): ApiObject {
  call.warnings.push(...context.warnings());
  return context.admissions().reduce((admitted, admission) => {
    const result = admission(admitted, { verb, resource: call.resource.plural, user: call.user.username });
    if (!('deny' in result) || typeof result.deny !== 'string') return result as ApiObject;
    const { resource } = call;
    const name = admitted.metadata.name;
    const title = `${qualified(resource.plural, resource.group)} "${name}"`;
    throw new ApiFailure(403, 'Forbidden', `${title} is forbidden: ${result.deny}`, {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
    });
  }, object);
}
