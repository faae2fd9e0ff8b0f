export type { Commands, VisibleRows } from './commands.ts';
export type {
  AboutItem,
  Assessment,
  AttemptLine,
  ClusterState,
  GrantField,
  GrantForm,
  GrantLine,
  GrantSpan,
  Isolation,
  Notice,
  Overlay,
  PaneId,
  PaneState,
  PathState,
  PodName,
  PodRow,
  PolicyRow,
  ServerSays,
  SessionState,
  Sort,
} from './session-state.ts';
export { edit, offeredField, type TextEdit, type TextField, textField } from './text-field.ts';
/* The state that views read, and the commands that change it. */
