/* The commands of the app: overlays, panels, forms, the path bar; publishing changes. */

export { type App, initialState } from './app-parts.ts';
export { commandLine } from './command-line.ts';
export { FIELD_NAMES, isPlanned, notYet } from './form-fields.ts';
export { grantForm } from './grant-form.ts';
export { life, tick } from './life.ts';
export { createLink } from './link.ts';
export { marking } from './marking.ts';
export { navigation } from './navigation.ts';
export { createOverlays, pickItems, watchOthers } from './overlays.ts';
export { panels, yamlOf } from './panels.ts';
export { shownPath } from './path-state.ts';
export { createPublishing, newsInto, touches } from './publish.ts';
export { typing } from './typing.ts';
