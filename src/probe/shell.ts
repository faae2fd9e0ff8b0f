import { quoted } from '../core/common/common.ts';
import { type Finding, STOPPING_TEXTS } from './finding.ts';
import type { ConnectTarget } from './target.ts';
import type { ConnectTool } from './tools.ts';

const MARK = 'sluice-try';

/** Seconds after which a hanging tool is killed. In a container with little CPU, starting a tool takes a while. */
export const CUT = 10;

/**
 * A shell script that runs the available tools in order until one is conclusive. Before the output of each it prints a
 * line with its number and exit code. Each runs under `timeout` if that takes seconds as its first argument (old BusyBox
 * does not).
 */
export function shellScript(tools: readonly ConnectTool[], target: ConnectTarget, cut = CUT): string {
  const tries = tools.flatMap((tool, index) => {
    const command = tool.command(target);
    if (command === undefined || !tool.protocols.includes(target.protocol)) return [];
    const exist = tool.needs.map((program) => `command -v ${quoted(program)} >/dev/null`).join(' && ');
    const kind = tool.first === true ? 'first' : 'try';
    return [`if ${exist}; then run ${kind} ${index} ${command.map(quoted).join(' ')}; fi`];
  });
  return `export LC_ALL=C
limit=; timeout 1 true >/dev/null 2>&1 && limit='timeout ${cut}'
run() {
  kind=$1; number=$2; shift 2
  out=$($limit "$@" 2>&1 </dev/null); code=$?
  printf '${MARK} %s %s\\n%s\\n' "$number" "$code" "$out"
  case "$kind $code" in 'first 0') return;; first*|'try 0'|'try 124'|'try 137'|'try 143') exit 0;; esac
  case "$out" in ${STOPPING_TEXTS}) exit 0;; esac
}
exec 2>/dev/null
${tries.join('\n')}
exit 0`;
}

/** The finding of the first conclusive tool, with its name, and the names of all tools that ran. */
export type ShellFinding = {
  readonly finding?: Finding & { readonly tool: string };
  readonly ran: readonly string[];
};

/** Parses the output of `shellScript`. */
export function readShell(
  stdout: string,
  tools: readonly ConnectTool[],
  target: ConnectTarget,
): ShellFinding {
  const ran: string[] = [];
  for (const block of stdout.split(new RegExp(`^(?=${MARK} \\d+ \\d+$)`, 'm'))) {
    const [, index, code] = new RegExp(`^${MARK} (\\d+) (\\d+)`).exec(block) ?? [];
    const tool = index === undefined ? undefined : tools[Number(index)];
    if (tool === undefined) continue;
    ran.push(tool.name);
    const text = block.slice(block.indexOf('\n') + 1);
    const finding = tool.read({ code: Number(code), text }, target);
    if (finding !== undefined) return { finding: { ...finding, tool: tool.name }, ran };
  }
  return { ran };
}
