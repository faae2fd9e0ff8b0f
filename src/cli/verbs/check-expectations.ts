import * as v from 'valibot';
import { protocolNamed } from '../../core/cluster/cluster.ts';
import { isRecord, SluiceError, safeDeep, safeText } from '../../core/common/common.ts';
import { type Connections, EVERYTHING, either, NOTHING } from '../../core/policy/model/model.ts';
import { readFirstYaml, YamlProblem } from '../../core/yaml/yaml.ts';
import type { ManifestFile } from '../manifests/manifests.ts';

/** What an expectation requires of its paths; see `check.schema.json`. */
export type ExpectationKind = 'allow' | 'deny' | 'only' | 'onlyTo';

/** One expectation. Ends are patterns as written; `ports` defaults to all. */
export type Expectation = {
  readonly name: string;
  readonly kind: ExpectationKind;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: Connections;
  /** Its line in the file, from 1. */
  readonly line: number;
};

export type Expectations = { readonly namespace?: string; readonly expectations: readonly Expectation[] };

const End = v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty'));
const Ends = v.union([End, v.pipe(v.array(End), v.minLength(1))], 'must be an end, or a list of ends');
const PORT = 'must be a port from 1 to 65535, such as 5432, 5432/tcp or 8000-8100/udp';
const Port = v.pipe(
  v.union([v.number(), v.string()], PORT),
  v.check((value) => portOf(`${value}`) !== undefined, PORT),
);
const Ports = v.union([Port, v.pipe(v.array(Port), v.minLength(1))], 'must be a port, or a list of ports');
const Path = v.strictObject({ from: Ends, to: Ends, port: v.optional(Ports) }, notThere);
const PathWithPort = v.strictObject({ from: Ends, to: Ends, port: Ports }, notThere);
const Item = v.pipe(
  v.strictObject(
    {
      name: v.optional(v.string('must be a string')),
      allow: v.optional(PathWithPort),
      deny: v.optional(Path),
      only: v.optional(Path),
      onlyTo: v.optional(Path),
    },
    notThere,
  ),
  v.check(
    (item) => KINDS.filter((kind) => item[kind] !== undefined).length === 1,
    'must have one of allow, deny, only, onlyTo',
  ),
);
const File = v.strictObject(
  {
    namespace: v.optional(v.string('must be a string')),
    expect: v.pipe(v.array(Item, 'must be a list'), v.minLength(1, 'must not be empty')),
  },
  notThere,
);

const KINDS: readonly ExpectationKind[] = ['allow', 'deny', 'only', 'onlyTo'];

/** Fields of the schema by object; must match the published schema. */
export const FIELDS = {
  file: Object.keys(File.entries),
  expectation: Object.keys(Item.pipe[0].entries),
  path: Object.keys(Path.entries),
};

/**
 * Reads a file of expectations.
 *
 * @throws SluiceError `config` with the line of the error
 */
export function readExpectations({ name: file, text }: ManifestFile): Expectations {
  const { value, duplicates, lineOf } = read(file, text);
  const [twice] = duplicates;
  if (twice !== undefined) throw wrong(file, twice.line, `duplicate key ${twice.key}`);
  if (!isRecord(value)) throw wrong(file, 1, 'the file must be an object');
  const parsed = v.safeParse(File, value);
  if (!parsed.success) {
    const [issue, ...more] = parsed.issues;
    const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
    const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
    throw wrong(file, lineOf(path), `${where.replace(/^\./, '') || 'the file'} ${issue.message}${others}`);
  }
  const { namespace, expect } = parsed.output;
  return {
    ...(namespace === undefined ? {} : { namespace: safeText(namespace) }),
    expectations: safeDeep(expect).flatMap((item, index) => {
      const kind = KINDS.find((one) => item[one] !== undefined);
      const path = kind === undefined ? undefined : item[kind];
      if (kind === undefined || path === undefined) return [];
      const [from, to] = [listOf(path.from), listOf(path.to)];
      return [
        {
          name: item.name ?? `${from.join(', ')} → ${to.join(', ')}`,
          kind,
          from,
          to,
          ports: portsOf(path.port),
          line: lineOf(['expect', index]),
        },
      ];
    }),
  };
}

/** Messages for missing and unknown fields. */
function notThere(issue: v.StrictObjectIssue): string {
  if (issue.expected === 'never') return 'is an unknown field';
  return issue.received === 'undefined' ? 'is missing' : 'must be an object';
}

function read(file: string, text: string): ReturnType<typeof readFirstYaml> {
  try {
    return readFirstYaml(text);
  } catch (error) {
    if (error instanceof YamlProblem) throw wrong(file, error.line, error.message);
    throw error;
  }
}

function wrong(file: string, line: number, what: string): SluiceError {
  return new SluiceError(
    'config',
    `${safeText(file)}, line ${line}: ${safeText(what)}.`,
    'Run sluice check --schema to see the format of the file.',
  );
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function portsOf(value: number | string | readonly (number | string)[] | undefined): Connections {
  if (value === undefined) return EVERYTHING;
  return listOf(value)
    .map((item) => portOf(`${item}`) ?? NOTHING)
    .reduce(either);
}

/** `5432`, `5432/tcp`, `8000-8100/udp`; undefined if it isn't a port. */
function portOf(text: string): Connections | undefined {
  const [, first, last = first, name = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text) ?? [];
  const protocol = protocolNamed(name);
  const [from, to] = [Number(first), Number(last)];
  if (protocol === undefined || !(from >= 1 && from <= to && to <= 65_535)) return undefined;
  return { ...NOTHING, [protocol]: [[from, to]] };
}
