import {
  boolYaml11Tag,
  defineMappingTag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  floatYaml11Tag,
  intCoreTag,
  intYaml11Tag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  type Schema,
} from 'js-yaml';

/** How a text becomes values; `saw` tells of a key that a map has twice. The reader must overwrite, not refuse. */
export type KubernetesSchema = { readonly schema: Schema; readonly saw: { duplicate: boolean } };

/**
 * What kubectl makes of YAML: scalars of YAML 1.1 (`on`, `y` and `no` are booleans, `010` is 8), but neither times nor
 * numbers to the base of 60; the last of two keys counts, and a merge counts where it stands: what comes before it
 * loses, what comes behind it wins. Source: sigs.k8s.io/yaml, go.yaml.in/yaml/v2 resolve.go and decode.go.
 */
export function createSchema(): KubernetesSchema {
  const saw = { duplicate: false };
  const schema = FAILSAFE_SCHEMA.withTags(
    nullYaml11Tag,
    boolYaml11Tag,
    numberTag(intYaml11Tag, intCoreTag),
    numberTag(floatYaml11Tag, floatCoreTag),
    mergeTag,
    localTag,
    mapTag(saw),
  );
  return { schema, saw };
}

/** A number as YAML 1.1 or 1.2 writes it, but none to the base of 60. */
function numberTag(...tags: readonly [typeof intCoreTag, typeof intCoreTag]) {
  const [first] = tags;
  return defineScalarTag(first.tagName, {
    implicit: true,
    identify: first.identify,
    resolve: (source, isExplicit, name) => {
      if (source.includes(':')) return NOT_RESOLVED;
      const values = tags.map((tag) => tag.resolve(source, isExplicit, name));
      return values.find((value) => value !== NOT_RESOLVED) ?? NOT_RESOLVED;
    },
  });
}

/** `!anything text` is the text. */
const localTag = defineScalarTag('!', {
  matchByTagPrefix: true,
  identify: () => false,
  resolve: (source) => source,
});

type Map = Record<string, unknown>;

/** Maps that overwrite. js-yaml asks `has` before it adds a merged key, and no other, when it may overwrite. */
function mapTag(saw: { duplicate: boolean }) {
  const mergedKeys = new WeakMap<Map, Set<string>>();
  let merging: string | undefined;
  return defineMappingTag<Map>('tag:yaml.org,2002:map', {
    create: () => ({}),
    identify: () => false,
    has: (map, key) => {
      const name = String(key);
      // Of the maps in one merge the first counts.
      if (mergedKeys.get(map)?.has(name) === true) return true;
      merging = name;
      return false;
    },
    addPair: (map, key, value) => {
      if (typeof key === 'object' && key !== null) return 'a key is a map or a list';
      const name = String(key);
      const merged = mergedKeys.get(map);
      if (merging === name) {
        if (merged === undefined) mergedKeys.set(map, new Set([name]));
        else merged.add(name);
      } else if (merged?.delete(name) !== true && Object.hasOwn(map, name)) {
        saw.duplicate = true;
      }
      merging = undefined;
      if (name !== '__proto__') map[name] = value;
      else Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
      return '';
    },
    keys: (map) => Object.keys(map),
    get: (map, key) => map[String(key)],
  });
}
