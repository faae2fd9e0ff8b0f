/* What records of the audit log say: which grants they follow, how they read elsewhere, what hooks are told, where
 * checkpoints are kept. */

export { anchored, anchorOf, CHECKPOINT_NOTE, type GrantStory, grantEvent, grantedStory } from './anchor.ts';
export { type CloudEvent, cloudEventOf } from './cloud-event.ts';
export { type HookNotice, noticeOfNews, noticeOfRecord } from './hook.ts';
export { followGrants, type LifeCycle, type Unfinished } from './life-cycle.ts';
export { type OcsfEvent, ocsfOf } from './ocsf.ts';
export { timeLine } from './time-line.ts';
