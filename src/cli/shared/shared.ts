/* What every verb needs: options, the configuration file, output formats, exit codes, signals. */

export { askYes } from './ask.ts';
export { type Config, LONGEST_WINDOW, loadConfig } from './config.ts';
export { systemClock, VERSION, type VerbContext } from './context.ts';
export { acceptAnyFormat, checkFormat, withFormats, withOwnFormat } from './format-option.ts';
export { type HelpText, withHelp } from './help.ts';
export {
  type ConnectionOptions,
  collect,
  type GlobalOptions,
  isRepeatable,
  type TrafficOptions,
  withGlobalOptions,
  withTrafficOptions,
} from './options.ts';
export { EXIT, exitCodeOfVerdict, reportError } from './report-error.ts';
export { settleSource } from './settle-source.ts';
export { listenForSignals } from './signals.ts';
export { flagOf, optionOf, readLine, type TypedLine } from './typed-line.ts';
export { usageErrorOf } from './usage-error.ts';
export {
  drainedOf,
  type Format,
  type Output,
  openStdio,
  toJson,
  writeAnswer,
  writeEvent,
  writeLines,
} from './write.ts';
