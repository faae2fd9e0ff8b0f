/* The commands of the app: overlays, panels, forms, the path in view; publishing changes. */

export { answering } from './answering.ts';
export { type App, initialState } from './app-parts.ts';
export { bookmarking } from './bookmarking.ts';
export { choosingColumns } from './choosing-columns.ts';
export { commandLine } from './command-line.ts';
export { copying } from './copying.ts';
export { drilling } from './drilling.ts';
export { asksForApproval, FIELD_NAMES, isPlanned, notYet } from './form-fields.ts';
export { type BookedGrant, createGrantBook } from './grant-book.ts';
export { grantForm } from './grant-form.ts';
export { grantHistory } from './grant-history.ts';
export { life, noticedGrant, tick } from './life.ts';
export { createLink } from './link.ts';
export { type LoggingIn, loggingIn } from './logging-in.ts';
export { marking } from './marking.ts';
export { withMessage } from './messages.ts';
export { navigation } from './navigation.ts';
export { createOverlays, pickItems, watchOthers } from './overlays.ts';
export { palette } from './palette.ts';
export { panels, yamlOf } from './panels.ts';
export { shownPath } from './path-state.ts';
export { attemptUnderCursor } from './picked-ends.ts';
export { deniedPaths, type NotNamed, pathsOfGrant } from './promoted-paths.ts';
export { createPublishing, newsInto, touches } from './publish.ts';
export { reaching } from './reaching.ts';
export { typing } from './typing.ts';
