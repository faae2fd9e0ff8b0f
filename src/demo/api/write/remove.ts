import { deleteObject } from '../../store/deletion.ts';
import { type Stored, timestamp, withMetadata } from '../../store/objects.ts';
import type { Answer, ApiContext, Call } from '../call.ts';
import { mediaType, parseObject, readBody } from '../http/body.ts';
import { storeName } from '../kinds/resources.ts';
import { deleteOptions } from '../options.ts';
import { deleted, preconditionFailed } from '../status.ts';
import { current } from './update.ts';

const ORPHAN_WARNING =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** DELETE: 200 with a Status when the object went at once, with the object when it is only marked. */
export async function remove(context: ApiContext, call: Call): Promise<Answer> {
  const text = await readBody(call.request);
  const body = text === '' ? undefined : parseObject(text, mediaType(call.request), 'DeleteOptions');
  const options = deleteOptions(body, call.query);
  const { resource, name } = call;
  const object = current(context, call);
  const { uid, resourceVersion } = object.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    throw preconditionFailed(
      { resource, name },
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw preconditionFailed(
      { resource, name },
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
  if (resource.kind === 'Job' && !options.explicit) call.warnings.push(ORPHAN_WARNING);
  if (resource.kind === 'Namespace')
    return { code: 200, body: terminate(context, object, options.dryRun === true) };
  const result = deleteObject(context.store, storeName(resource), object, options, Date.now());
  return { code: 200, body: result.gone ? deleted({ resource, name }, uid) : result.object };
}

/** A namespace goes through `Terminating`; its controller removes what it holds, then the namespace. */
function terminate(context: ApiContext, namespace: Stored, dryRun: boolean): Stored {
  if (namespace.metadata.deletionTimestamp !== undefined) return namespace;
  const marked: Stored = {
    ...withMetadata(namespace, { deletionTimestamp: timestamp(Date.now()) }),
    status: { phase: 'Terminating' },
  };
  return dryRun ? marked : context.store.put('/namespaces', marked);
}
