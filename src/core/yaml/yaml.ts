export { readFirstYaml, readYaml, writeYaml, YamlProblem } from './read.ts';
export { type DuplicateKey, NoText, textOfBytes } from './text-of-bytes.ts';
/* YAML with Kubernetes' rules: 1.1 scalars, merge keys, the last duplicate wins with a warning. */
