export type { Commands, VisibleRows } from './commands.ts';
export type {
  AboutItem,
  Assessment,
  AttemptLine,
  ClusterState,
  Copyable,
  GrantField,
  GrantForm,
  GrantLine,
  Isolation,
  Notice,
  Overlay,
  PaletteTarget,
  PaneId,
  PaneState,
  PathState,
  Place,
  PodName,
  PodRow,
  PolicyRow,
  Search,
  ServerSays,
  SessionState,
  Sort,
} from './session-state.ts';
export { edit, offeredField, type TextEdit, type TextField, textField } from './text-field.ts';
/* The state that views read, and the commands that change it. */
