import pLimit from 'p-limit';
import type { Pod } from '../core/cluster/cluster.ts';
import type { ConnectProbe, Exec, ProbeResult } from '../core/ports/ports.ts';
import { execFailure, type Finding, isMissing } from './finding.ts';
import { readShell, shellScript } from './shell.ts';
import { type ConnectTarget, connectTarget } from './target.ts';
import { type ConnectTool, INTERPRETERS, TOOLS } from './tools.ts';

/** Concurrent probes, so that a list of paths never causes a burst of execs (PROBE-5). */
const AT_ONCE = 4;

/** Timeout for one exec, ms: a DNS check and an attempt of 3 s each, and a tool killed after `CUT`. */
const TIME_OUT = 20_000;

type Search = { readonly finding?: Finding & { readonly tool: string }; readonly ran: readonly string[] };

/**
 * Tries connections from inside pods with the tools in their images (PROBE-2): in a shell if a container has one, else
 * one program at a time. An attempt has 3 s. `milliseconds` counts from the first exec to the result. Throws `usage` for
 * an invalid host or port, `forbidden` without permission to exec, and any other error that fails every exec; an
 * inconclusive result is `unknown`.
 */
export function createConnectProbe({ exec }: { readonly exec: Exec }): ConnectProbe {
  const limit = pLimit(AT_ONCE);
  return {
    connect: (from, { host, port, protocol }, signal, onExec) =>
      limit(async () => {
        const told: Exec = (pod, command, options) => {
          onExec?.(pod, command);
          return exec(pod, command, options);
        };
        signal.throwIfAborted();
        const target = connectTarget(host, port, protocol);
        const started = performance.now();
        const search = await searchPod(told, from, target, signal);
        return resultOf(search, performance.now() - started);
      }),
  };
}

async function searchPod(exec: Exec, pod: Pod, target: ConnectTarget, signal: AbortSignal): Promise<Search> {
  const ran: string[] = [];
  const shut = new Map<string, unknown>();
  for (const search of [inShell, directly]) {
    for (const container of pod.containers) {
      if (shut.has(container)) continue;
      try {
        const found = await search(execIn(exec, pod, container, signal), target);
        ran.push(...found.ran);
        if (found.finding !== undefined) return { finding: found.finding, ran };
      } catch (error) {
        if (signal.aborted || execFailure(error) !== 'container') throw error;
        shut.set(container, error);
      }
    }
  }
  if (ran.length === 0) for (const error of shut.values()) throw error;
  return { ran: [...new Set(ran)] };
}

/** One exec in one container; undefined if the program does not exist. */
type Run = (
  command: readonly string[],
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string } | undefined>;

function execIn(exec: Exec, pod: Pod, container: string, signal: AbortSignal): Run {
  return async (command) => {
    const target = { namespace: pod.namespace, pod: pod.name, container };
    try {
      const answer = await exec(target, command, { signal, timeout: TIME_OUT });
      return answer.stdout === '' && isMissing(answer) ? undefined : answer;
    } catch (error) {
      if (execFailure(error) === 'program') return undefined;
      throw error;
    }
  };
}

async function inShell(run: Run, target: ConnectTarget): Promise<Search> {
  const ran: string[] = [];
  for (const tools of [TOOLS, INTERPRETERS]) {
    const answer = await run(['sh', '-c', shellScript(tools, target)]);
    if (answer === undefined) break;
    const found = readShell(answer.stdout, tools, target);
    ran.push(...found.ran);
    if (found.finding !== undefined) return { finding: found.finding, ran };
  }
  return { ran };
}

async function directly(run: Run, target: ConnectTarget): Promise<Search> {
  const ran: string[] = [];
  const missing = new Set<string | undefined>();
  for (const tool of [...TOOLS, ...INTERPRETERS].filter((each) => canDirectly(each, target))) {
    const command = tool.command(target);
    if (command === undefined || missing.has(command[0])) continue;
    const answer = await run(command);
    if (answer === undefined) {
      missing.add(command[0]);
      continue;
    }
    ran.push(tool.name);
    const text = `${answer.stdout}\n${answer.stderr}`;
    const finding = tool.read({ code: answer.code, text }, target);
    if (finding !== undefined) return { finding: { ...finding, tool: tool.name }, ran };
  }
  return { ran };
}

function canDirectly(tool: ConnectTool, { protocol }: ConnectTarget): boolean {
  return tool.direct && tool.protocols.includes(protocol);
}

function resultOf({ finding, ran }: Search, elapsed: number): ProbeResult {
  const milliseconds = Math.round(elapsed);
  if (finding !== undefined) {
    const { outcome, note, tool } = finding;
    return { outcome, how: note === undefined ? tool : `${tool}: ${note}`, milliseconds };
  }
  const how = ran.length === 0 ? 'no suitable tool in the pod' : `inconclusive: ${ran.join(', ')}`;
  return { outcome: 'unknown', how, milliseconds };
}
