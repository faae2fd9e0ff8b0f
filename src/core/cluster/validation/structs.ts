/**
 * Structs of the Kubernetes API by name. A field is `name:type`; types are `string`, `bool`, `int32`, `int64`,
 * `int-or-string`, `map` (of strings), `any`, a struct of the same table, and `[]` before any of these.
 */
export type Structs = Readonly<Record<string, string>>;

/** What every kind is made of. Source: apimachinery pkg/apis/meta/v1/types.go. */
export const META_STRUCTS: Structs = {
  ObjectMeta:
    'name:string generateName:string namespace:string selfLink:string uid:string resourceVersion:string generation:int64 creationTimestamp:string deletionTimestamp:string deletionGracePeriodSeconds:int64 labels:map annotations:map ownerReferences:[]OwnerReference finalizers:[]string managedFields:[]any',
  OwnerReference:
    'apiVersion:string kind:string name:string uid:string controller:bool blockOwnerDeletion:bool',
  LabelSelector: 'matchLabels:map matchExpressions:[]LabelSelectorRequirement',
  LabelSelectorRequirement: 'key:string operator:string values:[]string',
};

const parsed = new WeakMap<Structs, Map<string, ReadonlyMap<string, string>>>();

/** The fields of a struct with their types, or undefined for a name that is no struct. */
export function fieldsOf(structs: Structs, name: string): ReadonlyMap<string, string> | undefined {
  const text = Object.hasOwn(structs, name) ? structs[name] : undefined;
  if (text === undefined) return undefined;
  const known = parsed.get(structs) ?? new Map<string, ReadonlyMap<string, string>>();
  parsed.set(structs, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const fields = new Map(
    text.split(' ').map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1)];
    }),
  );
  known.set(name, fields);
  return fields;
}
