import { PROTOCOLS, type Protocol } from '../../core/cluster/objects.ts';
import { type Finding, findingInText, type ToolRun, wasCut } from './finding.ts';
import { BASH_TCP, BASH_UDP, NODE, PERL, PYTHON } from './scripts.ts';
import type { ConnectTarget } from './target.ts';

/**
 * One way to try a connection with what an image brings along. `needs`: programs that must exist. `command`: the
 * arguments, program first; undefined where the tool can't do that target. `read`: what its end shows, undefined
 * when that proves nothing. `direct`: worth trying where there is no shell to look for programs.
 */
export type ConnectTool = {
  readonly name: string;
  readonly needs: readonly string[];
  readonly protocols: readonly Protocol[];
  readonly direct: boolean;
  /** Only clears the way for the others: its success tells nothing. */
  readonly first?: true;
  readonly command: (target: ConnectTarget) => readonly string[] | undefined;
  readonly read: (run: ToolRun, target: ConnectTarget) => Finding | undefined;
};

/** Seconds that an attempt gets (PROBE-2). */
export const PATIENCE = 3;

/** Small commands, in the order they are tried: those that tell all outcomes apart first (PROBE-2). */
export const TOOLS: readonly ConnectTool[] = [
  {
    // Without it, bash can't be told from a dropped path while DNS is what keeps it waiting.
    name: 'getent',
    first: true,
    needs: ['getent', 'timeout'],
    protocols: PROTOCOLS,
    direct: false,
    command: ({ host, form }) =>
      form === 'name' ? ['timeout', String(PATIENCE), 'getent', 'hosts', host] : undefined,
    read: (run) => {
      if (wasCut(run)) return { outcome: 'dns-failure', note: 'no answer from DNS' };
      return run.code === 2 ? { outcome: 'dns-failure' } : undefined;
    },
  },
  {
    name: 'bash /dev/tcp',
    needs: ['bash', 'timeout'],
    protocols: ['TCP'],
    direct: false,
    command: ({ host, port }) => ['timeout', String(PATIENCE), 'bash', '-c', BASH_TCP, host, String(port)],
    read: (run) => {
      if (run.code === 0) return { outcome: 'open' };
      return wasCut(run) ? { outcome: 'timeout' } : findingInText(run.text);
    },
  },
  {
    name: 'bash /dev/udp',
    needs: ['bash'],
    protocols: ['UDP'],
    direct: false,
    command: ({ host, port }) => ['bash', '-c', BASH_UDP, host, String(port)],
    read: ({ text }) => word(text, 'UDP') ?? findingInText(text),
  },
  curl('curl', 'telnet'),
  {
    name: 'nc -z',
    needs: ['nc'],
    protocols: ['TCP'],
    direct: true,
    command: ({ host, port }) => ['nc', '-z', '-v', '-w', String(PATIENCE), host, String(port)],
    read: readNc,
  },
  {
    // BusyBox without -z. Runs `true` on the connection; else it would wait for the peer to close.
    name: 'nc -e',
    needs: ['nc'],
    protocols: ['TCP'],
    direct: true,
    command: ({ host, port }) => ['nc', '-w', String(PATIENCE), host, String(port), '-e', 'true'],
    read: readNc,
  },
  curl('curl http', 'http'),
  {
    name: 'wget',
    needs: ['wget'],
    protocols: ['TCP'],
    direct: true,
    command: ({ address }) => [
      'wget',
      '--spider',
      '--no-proxy',
      '-T',
      String(PATIENCE),
      '-t',
      '1',
      `http://${address}/`,
    ],
    read: ({ code, text }) => {
      if (text.includes('connected.')) return { outcome: 'open' };
      return code === 4 ? findingInText(text) : undefined;
    },
  },
  {
    name: 'agnhost connect',
    needs: ['/agnhost'],
    protocols: PROTOCOLS,
    direct: true,
    command: ({ address, protocol }) => [
      '/agnhost',
      'connect',
      address,
      `--timeout=${PATIENCE}s`,
      `--protocol=${protocol.toLowerCase()}`,
    ],
    read: ({ code, text }, { protocol }) => {
      if (code === 0) return { outcome: 'open' };
      if (/^REFUSED$/m.test(text)) return { outcome: 'refused' };
      if (/^DNS$/m.test(text)) return { outcome: 'dns-failure' };
      return /^TIMEOUT$/m.test(text) ? silence(protocol) : undefined;
    },
  },
  {
    // Another `netcat` takes these for hosts and ports and says so: only the bare word counts.
    name: 'netcat dial',
    needs: ['netcat'],
    protocols: ['TCP', 'UDP'],
    direct: true,
    command: ({ address, protocol }) => ['netcat', 'dial', protocol.toLowerCase(), address, `${PATIENCE}s`],
    read: ({ text }, { protocol }) => (/^error$/m.test(text) ? undefined : word(text, protocol)),
  },
];

/** Interpreters. Their scripts are long, and a command travels in the address of the exec request: tried apart. */
export const INTERPRETERS: readonly ConnectTool[] = [
  script('python3', ['python3', '-c', PYTHON]),
  script('node', ['node', '-e', NODE, '--']),
  script('node', ['/nodejs/bin/node', '-e', NODE, '--']),
  script('perl', ['perl', '-e', PERL], (target) => target.form !== 'ipv6'),
];

/** Its own patience ends the connecting; when it must be cut, it was still resolving the name. */
function readNc(run: ToolRun, { form }: ConnectTarget): Finding | undefined {
  if (run.code === 0) return { outcome: 'open' };
  if (form === 'name' && wasCut(run)) return { outcome: 'dns-failure', note: 'no answer from DNS' };
  return findingInText(run.text);
}

function script(
  name: string,
  command: readonly [string, ...string[]],
  can: (target: ConnectTarget) => boolean = () => true,
): ConnectTool {
  return {
    name,
    needs: [command[0]],
    protocols: ['TCP', 'UDP'],
    direct: true,
    command: (target) =>
      can(target) ? [...command, target.host, String(target.port), target.protocol] : undefined,
    read: ({ text }, { protocol }) => word(text, protocol),
  };
}

/**
 * A proxy named in the pod's environment would answer in place of the target. Exit code 28 says only that time is up; a
 * `time_connect` above zero means that the connection was made (PROBE-3).
 */
function curl(name: string, scheme: 'telnet' | 'http'): ConnectTool {
  return {
    name,
    needs: ['curl'],
    protocols: ['TCP'],
    direct: true,
    command: ({ address }) => [
      ...['curl', '-sv', '--noproxy', '*', '-o', '/dev/null', '-w', 'time_connect=%{time_connect}'],
      ...['--connect-timeout', String(PATIENCE), '-m', String(PATIENCE + 1), `${scheme}://${address}`],
    ],
    read: ({ code, text }) => {
      if (/time_connect=0*[.,]?0*[1-9]/.test(text)) return { outcome: 'open' };
      if (code === 6) return { outcome: 'dns-failure' };
      if (code === 7) return findingInText(text);
      return code === 28 ? (findingInText(text) ?? { outcome: 'timeout' }) : undefined;
    },
  };
}

function word(text: string, protocol: Protocol): Finding | undefined {
  switch (/^(open|refused|timeout|dns-failure|unreachable|silent)\s*$/m.exec(text)?.[1]) {
    case 'open':
      return { outcome: 'open' };
    case 'refused':
      return { outcome: 'refused' };
    case 'dns-failure':
      return { outcome: 'dns-failure' };
    case 'unreachable':
      return { outcome: 'unknown', note: 'unreachable (an ICMP error)' };
    case 'timeout':
    case 'silent':
      return silence(protocol);
    default:
      return undefined;
  }
}

/** Silence over UDP is never read as dropped: a server need not answer (PROBE-4). */
function silence(protocol: Protocol): Finding {
  return protocol === 'UDP'
    ? { outcome: 'unknown', note: `no reply in ${PATIENCE} s` }
    : { outcome: 'timeout' };
}
