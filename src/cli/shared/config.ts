import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import {
  type Approvals,
  DEFAULT_APPROVALS,
  DEFAULT_LIMITS,
  HOOK_EVENTS,
  type Hook,
  isRecord,
  type Limits,
  type ProgramArguments,
  parseDuration,
  type Raw,
  SluiceError,
  safeText,
  THEME_BASES,
  THEME_ROLES,
  type ThemeSetting,
} from '../../core/common/common.ts';
import { NoText, readFirstYaml, textOfBytes, YamlProblem } from '../../core/yaml/yaml.ts';
import { homeFolder } from '../../home-folder.ts';

/** The contents of the configuration file; flags and the environment win over it. */
export type Config = {
  readonly limits: Limits;
  readonly source?: 'auto' | 'hubble' | 'probe';
  readonly hubbleServer?: string;
  readonly hubbleNamespace?: string;
  readonly color?: 'auto' | 'always' | 'never';
  readonly ascii?: boolean;
  readonly theme?: ThemeSetting;
  readonly mouse?: 'off' | 'scroll' | 'click';
  readonly notify?: NotifySettings;
  readonly hooks?: readonly Hook[];
};

/** What is told of the end of a grant outside the screen; all but the command unless switched off. */
export type NotifySettings = {
  /** The countdown in the title of the terminal, and progress in its tab. */
  readonly title?: boolean;
  readonly bell?: boolean;
  readonly desktop?: boolean;
  /** It gets the text as one more argument. */
  readonly command?: ProgramArguments;
};

/** The longest window that the file may set, in seconds: a week, to catch typos. */
export const LONGEST_WINDOW = 7 * 86_400;

const Window = v.pipe(
  v.string('must be a duration such as 15m'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseDuration(dataset.value, LONGEST_WINDOW);
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : 'must be a duration such as 15m' });
      return NEVER;
    }
  }),
);

const Pattern = v.pipe(
  v.string('must be a regular expression'),
  v.check(isRegularExpression, 'must be a regular expression'),
);

const Base = v.picklist(
  THEME_BASES,
  ({ received }) => `${received} is not a theme; there are ${THEME_BASES.join(', ')}`,
);

const Role = v.picklist(
  THEME_ROLES,
  ({ received }) => `${received} is not a role; there are ${THEME_ROLES.join(', ')}`,
);

const notAColor = ({ received }: { readonly received: string }) =>
  `${received} is not a color such as "#ff5f5f"`;

const Color = v.pipe(v.string(notAColor), v.regex(/^#[0-9a-f]{6}$/i, notAColor));

const NamedTheme = v.pipe(
  Base,
  v.transform((base): ThemeSetting => ({ base, roles: {} })),
);

const OwnTheme = v.strictObject({
  base: v.optional(Base, 'auto'),
  roles: v.optional(v.record(Role, Color, 'must be a map of roles to colors'), {}),
});

const Theme = v.lazy((value) => (isRecord(value) ? OwnTheme : NamedTheme));

const Switch = v.boolean(insteadOf('true or false'));

const PROGRAM = insteadOf('a program, or a list of a program and its arguments');

const Program = v.pipe(
  v.custom<string | ProgramArguments>(isProgram, PROGRAM),
  v.transform((input): ProgramArguments => (typeof input === 'string' ? [input] : input)),
);

const Event = v.picklist(
  HOOK_EVENTS,
  ({ received }) => `${received} is not an event; there are ${HOOK_EVENTS.join(', ')}`,
);

const On = v.optional(
  v.pipe(v.array(Event, insteadOf('a list of events')), v.minLength(1, 'must not be empty')),
  [...HOOK_EVENTS],
);

const Words = v.pipe(v.string(insteadOf('a text')), v.minLength(1, 'must not be empty'));

const Secret = v.lazy((value) =>
  isRecord(value) && 'env' in value
    ? v.strictObject({ env: Words })
    : v.strictObject({ file: Words }, 'must be {file: PATH} or {env: NAME}'),
);

const ADDRESS = 'must be an https:// address, or http:// on this machine';

const ExecHook = v.strictObject({ exec: Program, on: On });

const WebHook = v.strictObject({
  // Not repeated in a message: the path of a web address may be secret.
  webhook: v.pipe(v.string(ADDRESS), v.check(isWebhook, ADDRESS)),
  secret: v.optional(Secret),
  on: On,
});

const AnyHook = v.pipe(
  v.custom<Raw>(isHook, insteadOf('a hook with exec or webhook')),
  // In YAML as Kubernetes reads it, an unquoted "on" is a boolean.
  v.transform(({ true: on, ...rest }) => (on === undefined ? rest : { ...rest, on })),
  v.lazy((value): v.GenericSchema<Raw, Hook> => (isRecord(value) && 'exec' in value ? ExecHook : WebHook)),
);

const Schema = v.strictObject({
  presets: v.optional(
    v.pipe(v.array(Window, 'must be a list of durations'), v.minLength(1, 'must not be empty')),
  ),
  maxWindow: v.optional(Window),
  reasonPattern: v.optional(Pattern),
  protected: v.optional(
    v.strictObject({
      namespaces: v.optional(v.array(v.string('must be a name'), 'must be a list of names')),
      contexts: v.optional(v.array(v.string('must be a name'), 'must be a list of names')),
    }),
  ),
  approvals: v.optional(
    v.strictObject({
      required: v.optional(
        v.strictObject({
          namespaces: v.optional(v.array(v.string('must be a name'), 'must be a list of names')),
          contexts: v.optional(v.array(v.string('must be a name'), 'must be a list of names')),
        }),
      ),
      pendingFor: v.optional(Window),
      breakGlass: v.optional(Switch),
    }),
  ),
  source: v.optional(v.picklist(['auto', 'hubble', 'probe'], 'must be auto, hubble or probe')),
  hubble: v.optional(v.strictObject({ server: v.optional(v.string()), namespace: v.optional(v.string()) })),
  color: v.optional(v.picklist(['auto', 'always', 'never'], 'must be auto, always or never')),
  ascii: v.optional(v.boolean('must be true or false')),
  theme: v.optional(Theme),
  mouse: v.optional(v.picklist(['off', 'scroll', 'click'], insteadOf('off, scroll or click'))),
  notify: v.optional(
    v.strictObject({
      title: v.optional(Switch),
      bell: v.optional(Switch),
      desktop: v.optional(Switch),
      command: v.optional(Program),
    }),
  ),
  hooks: v.optional(v.array(AnyHook, insteadOf('a list of hooks, each with exec or webhook'))),
});

/** Where the configuration file is: `$XDG_CONFIG_HOME/sluice/config.yaml`, else under `~/.config`. */
export function configPath(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env.XDG_CONFIG_HOME;
  return join(
    base === undefined || base === '' ? join(homeFolder(), '.config') : base,
    'sluice',
    'config.yaml',
  );
}

/**
 * Reads the configuration file; without one, the defaults.
 *
 * @throws SluiceError `config`, with file, line and problem
 */
export async function loadConfig(path: string = configPath()): Promise<Config> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SluiceError(
      'config',
      `Unable to read ${path}: ${error.message}.`,
      'Check its permissions.',
      error,
    );
  });
  return bytes === undefined ? { limits: DEFAULT_LIMITS } : parseConfig(bytes, path);
}

function parseConfig(bytes: Uint8Array, path: string): Config {
  const { value, duplicates, lineOf } = readConfig(bytes, path);
  const [twice] = duplicates;
  if (twice !== undefined) throw wrong(path, twice.line, `: duplicate key "${twice.key}"`);
  const result = v.safeParse(Schema, value ?? {});
  if (result.success) return configOf(result.output);
  const [issue] = result.issues;
  const keys = (issue.path ?? []).map(({ key }) => String(key));
  const unknown = issue.type === 'strict_object' && issue.expected === 'never';
  const what = unknown
    ? `unknown setting "${keys.join('.')}"`
    : `${keys.join('.')}: ${issue.message.replace(/\.$/, '')}`;
  throw wrong(path, lineOf(keys), `: ${what}`);
}

function readConfig(bytes: Uint8Array, path: string): ReturnType<typeof readFirstYaml> {
  try {
    return readFirstYaml(textOfBytes(bytes));
  } catch (error) {
    if (error instanceof YamlProblem) throw wrong(path, error.line, `: ${error.message}`);
    if (error instanceof NoText) throw wrong(path, error.line, ` ${error.message}`);
    throw error;
  }
}

function configOf({
  presets,
  maxWindow,
  reasonPattern,
  protected: guarded,
  approvals,
  source,
  hubble,
  color,
  ascii,
  theme,
  mouse,
  notify,
  hooks,
}: v.InferOutput<typeof Schema>): Config {
  return {
    limits: {
      presets: presets ?? DEFAULT_LIMITS.presets,
      maxSeconds: maxWindow ?? DEFAULT_LIMITS.maxSeconds,
      reasonPattern,
      protectedNamespaces: guarded?.namespaces ?? [],
      protectedContexts: guarded?.contexts ?? [],
      ...(approvals === undefined ? {} : { approvals: approvalsOf(approvals) }),
    },
    source,
    hubbleServer: hubble?.server,
    hubbleNamespace: hubble?.namespace,
    color,
    ascii,
    theme,
    mouse,
    notify,
    hooks,
  };
}

function approvalsOf({
  required,
  pendingFor,
  breakGlass,
}: NonNullable<v.InferOutput<typeof Schema>['approvals']>): Approvals {
  return {
    namespaces: required?.namespaces ?? DEFAULT_APPROVALS.namespaces,
    contexts: required?.contexts ?? DEFAULT_APPROVALS.contexts,
    pendingSeconds: pendingFor ?? DEFAULT_APPROVALS.pendingSeconds,
    breakGlass: breakGlass ?? DEFAULT_APPROVALS.breakGlass,
  };
}

/** `must be true or false, not "yes"`. */
function insteadOf(what: string): (issue: v.BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${what}, not ${safeText(JSON.stringify(input))}`;
}

function isProgram(input: unknown): boolean {
  const parts: readonly unknown[] = Array.isArray(input) ? input : [input];
  return parts.every((part) => typeof part === 'string') && Boolean(parts[0]);
}

/** A web address that nobody on the way can read; on this machine there is nobody. The address may be a secret. */
function isWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isHere);
}

function isHook(input: unknown): input is Raw {
  return isRecord(input) && ('exec' in input || 'webhook' in input);
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

const SETTINGS = Object.keys(Schema.entries).join(', ');

function wrong(path: string, line: number, what: string): SluiceError {
  return new SluiceError('config', `${path}: line ${line}${what}.`, `Valid settings: ${SETTINGS}.`);
}
