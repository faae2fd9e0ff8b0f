export { type AdmissionRules, admissionManifests } from './admission-manifests.ts';
export { manifestsYaml } from './manifest.ts';
export { patternFault } from './reason-pattern.ts';
export { type Bound, roleManifests } from './role-manifests.ts';
/* What an administrator may install: roles, and admission policies that hold every client to the rules of grants. */
export { type Sweeper, sweeperManifests } from './sweeper-manifests.ts';
