import { isRecord, type Raw, rawOf, rawsOf, textOf, timeOf } from '../../json.ts';
import { safeText } from '../../safe-text.ts';
import type { Origin } from './policy.ts';

/** Where a policy object comes from, by its metadata; nothing where that tells nothing. */
export function originOf(metadata: Raw): { readonly origin?: Origin } {
  const owner = ownerOf(metadata);
  const manager = managerOf(metadata);
  if (owner === undefined && manager === undefined) return {};
  return {
    origin: { ...(owner === undefined ? {} : { owner }), ...(manager === undefined ? {} : { manager }) },
  };
}

/** The controller among the owners, else the first. */
function ownerOf(metadata: Raw): string | undefined {
  const owners = rawsOf(metadata.ownerReferences);
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0];
  const [kind, name] = [textOf(owner?.kind), textOf(owner?.name)];
  return kind === undefined || name === undefined ? undefined : `${safeText(kind)} ${safeText(name)}`;
}

/** Of the managers of fields of the spec, the one that wrote last. */
function managerOf(metadata: Raw): string | undefined {
  const writers = rawsOf(metadata.managedFields)
    .filter(({ fieldsV1, subresource }) => subresource === undefined && isRecord(rawOf(fieldsV1)['f:spec']))
    .toSorted((a, b) => timeOf(b.time) - timeOf(a.time));
  const manager = textOf(writers[0]?.manager);
  return manager === undefined ? undefined : safeText(manager);
}
