import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

/**
 * What a piece of work went through: the files of `src` in which a function ran, their folders, and the calls that led
 * from one file into another, each pair of files counted once.
 */
export type Walk = {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly hops: number;
  /** How many files called into a file, the most first. */
  readonly doors: readonly (readonly [string, number])[];
};

type Traced = { __sluiceEnter?: (file: string, at: number) => void };
const traced = globalThis as Traced;

let calls: Map<string, Set<string>> | undefined;

/** A function's callers are asked for at its first calls only: a stack costs too much for the rest of a loop. */
const FIRST_CALLS = 40;
const called = new Map<string, number>();

/**
 * Makes every function of the modules of `src` that are imported from now on tell when it is entered. The demo and this
 * folder are left out: they are no part of a user's way through the house.
 */
export function traceModules(): void {
  traced.__sluiceEnter = enter;
  registerHooks({
    load: (url, context, next) => {
      if (url.endsWith('.proto')) {
        const text = readFileSync(fileURLToPath(url), 'utf8');
        return { format: 'module', source: `export default ${JSON.stringify(text)}`, shortCircuit: true };
      }
      const file = fileOf(url);
      if (file === undefined) return next(url, context);
      const code = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module', source: telling(code, file), shortCircuit: true };
    },
  });
}

/** Runs some work; gives what it went through. */
export async function walkOf(work: () => Promise<unknown>): Promise<Walk> {
  const seen = new Map<string, Set<string>>();
  calls = seen;
  called.clear();
  try {
    await work();
  } finally {
    calls = undefined;
  }
  const files = [...seen.keys()].sort();
  const doors = [...seen].map(([file, from]) => [file, from.size] as const).sort(([, a], [, b]) => b - a);
  return {
    files,
    folders: [...new Set(files.map((file) => file.slice(0, file.lastIndexOf('/'))))],
    hops: doors.reduce((sum, [, count]) => sum + count, 0),
    doors,
  };
}

function enter(file: string, at: number): void {
  if (calls === undefined) return;
  const place = `${file}:${at}`;
  const count = called.get(place) ?? 0;
  if (count === FIRST_CALLS) return;
  called.set(place, count + 1);
  const from = calls.get(file) ?? new Set();
  calls.set(file, from);
  const caller = callerOf(file);
  if (caller !== undefined) from.add(caller);
}

/** The nearest other file of `src` on the stack, where the file was called by one. */
function callerOf(file: string): string | undefined {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 24;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName());
  const { stack } = new Error();
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  const files = (stack as unknown as readonly (string | null)[]).map((url) =>
    url === null ? undefined : fileOf(url),
  );
  const caller = files.slice(1).filter((name) => name !== undefined)[1];
  return caller === file ? undefined : caller;
}

function fileOf(url: string): string | undefined {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return undefined;
  const file = relative(process.cwd(), fileURLToPath(url));
  return file.startsWith('src/') && !file.startsWith('src/demo/') ? file : undefined;
}

/** The code with a call of `enter` at the start of each function. */
function telling(code: string, file: string): string {
  const inserts: (readonly [number, string])[] = [];
  visit(parseAst(code, { lang: 'js', sourceType: 'module' }), (node) => {
    const { body } = node;
    if (!/Function/.test(node.type) || !isNode(body)) return;
    const call = `__sluiceEnter(${JSON.stringify(file)},${body.start})`;
    if (body.type === 'BlockStatement') inserts.push([body.start + 1, `${call};`]);
    else inserts.push([body.start, `(${call},`], [body.end, ')']);
  });
  let told = code;
  for (const [at, text] of inserts.sort(([a], [b]) => b - a)) {
    told = told.slice(0, at) + text + told.slice(at);
  }
  return told;
}

type AstNode = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly body?: unknown;
};

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function visit(value: unknown, see: (node: AstNode) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  else if (isNode(value)) {
    see(value);
    for (const child of Object.values(value)) if (typeof child === 'object') visit(child, see);
  }
}
