import type { Answer, Call } from '../call.ts';
import { REVIEWS } from '../kinds/resources.ts';
import { type ListOptions, listOptions } from '../options.ts';
import { list } from '../read/list.ts';
import { review } from '../read/reviews.ts';
import { methodNotAllowed, noResource } from '../status.ts';
import { create } from '../write/create.ts';
import { remove } from '../write/remove.ts';
import { current, patch, replace } from '../write/update.ts';
import type { AnswerOptions } from './answer.ts';

/** Carries out everything but a watch. Throws `ApiFailure`. */
export async function dispatch(options: AnswerOptions, call: Call, verb: string): Promise<Answer> {
  const { context } = options;
  const reviewed = REVIEWS.includes(call.resource);
  if (reviewed && verb !== 'create') throw methodNotAllowed();
  const known = call.subresource === undefined || call.resource.subresources.includes(call.subresource);
  if (!known || call.subresource === 'portforward') throw noResource();
  switch (verb) {
    case 'create':
      if (call.resource.namespaced && call.namespace === undefined) throw methodNotAllowed();
      return reviewed ? await review(call, options.mayDo) : await create(context, call);
    case 'get':
      return { code: 200, body: current(context, call) };
    case 'list':
      return await list(context, call, listOptions(call.query));
    case 'update':
      return await replace(context, call);
    case 'patch':
      return await patch(context, call);
    case 'delete':
      return await remove(context, call);
    default:
      throw methodNotAllowed();
  }
}

/** A watch of one object by name is a watch of the collection with a field selector. */
export function watchOptions(call: Call): ListOptions {
  const options = listOptions(call.query);
  return call.name === '' ? options : { ...options, fields: `metadata.name=${call.name}` };
}
