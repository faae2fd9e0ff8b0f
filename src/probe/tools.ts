import { PROTOCOLS, type Protocol } from '../core/cluster/cluster.ts';
import { type Finding, findingInText, type ToolRun, wasCut } from './finding.ts';
import type { ConnectTarget } from './target.ts';

/**
 * Attempts in the languages of common images. Each takes host, port and protocol as arguments, prints one word (`open`,
 * `refused`, `timeout`, `dns-failure`, `unreachable` or `silent`) and times out after 3 s. For UDP it sends a datagram (a
 * DNS query to port 53, else a line feed), and `open` means that there was a reply.
 */

/** Queries the root name servers; its id starts with a letter, so the reply does too. */
const DNS_QUESTION = '736c01000001000000000000000002' + '0001';

const PYTHON = `import errno,socket,sys
host,port,udp=sys.argv[1],int(sys.argv[2]),sys.argv[3]=="UDP"
def say(word):
  print(word)
  sys.exit(0)
try: found=socket.getaddrinfo(host,port,0,socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)[0]
except socket.gaierror: say("dns-failure")
s=socket.socket(*found[:3])
s.settimeout(3)
try:
  s.connect(found[4])
  if udp:
    s.send(bytes.fromhex("${DNS_QUESTION}") if port==53 else b"\\n")
    s.recv(1)
  say("open")
except socket.timeout: say("silent" if udp else "timeout")
except OSError as e:
  if e.errno==errno.ECONNREFUSED: say("refused")
  if e.errno==errno.ETIMEDOUT: say("timeout")
  say("unreachable" if e.errno in (errno.EHOSTUNREACH,errno.ENETUNREACH,errno.EACCES) else "error")`;

const NODE = `const [host,port,protocol]=process.argv.slice(1);
const say=(word)=>{console.log(word);process.exit(0)};
const fail=(e)=>say({ECONNREFUSED:'refused',ETIMEDOUT:'timeout',ENOTFOUND:'dns-failure',EAI_AGAIN:'dns-failure',EHOSTUNREACH:'unreachable',ENETUNREACH:'unreachable',EACCES:'unreachable'}[e.code]||'error');
if (protocol==='UDP') {
  require('dns').lookup(host,(e,ip,family)=>{
    if (e) return fail(e);
    const s=require('dgram').createSocket(family===6?'udp6':'udp4');
    s.on('error',fail); s.on('message',()=>say('open'));
    s.connect(+port,ip,()=>s.send(port==='53'?Buffer.from('${DNS_QUESTION}','hex'):'\\n'));
    setTimeout(()=>say('silent'),3000);
  });
} else {
  const s=require('net').connect({host,port:+port,timeout:3000});
  s.on('connect',()=>say('open')); s.on('timeout',()=>say('timeout')); s.on('error',fail);
}`;

const PERL = `use Errno qw(ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH); use IO::Socket::INET; use Socket;
sub say_it { print "$_[0]\\n"; exit 0 }
my ($host,$port,$protocol)=@ARGV;
defined inet_aton($host) or say_it("dns-failure");
my $udp=$protocol eq "UDP";
my $s=IO::Socket::INET->new(PeerAddr=>$host,PeerPort=>$port,Proto=>$udp?"udp":"tcp",Timeout=>3);
if (!$s) {
  say_it("refused") if $! == ECONNREFUSED;
  say_it("timeout") if $! == ETIMEDOUT;
  say_it($! == EHOSTUNREACH || $! == ENETUNREACH ? "unreachable" : "error");
}
say_it("open") if !$udp;
$s->send($port == 53 ? pack("H*","${DNS_QUESTION}") : "\\n");
my $bits=""; vec($bits,fileno($s),1)=1;
say_it("silent") if !select($bits,undef,undef,3);
my $data; defined $s->recv($data,1) ? say_it("open") : say_it($! == ECONNREFUSED ? "refused" : "error");`;

/** For bash with its /dev/tcp and /dev/udp, which only `timeout` can interrupt. */
const BASH_TCP = 'exec 3<>"/dev/tcp/$0/$1"';
const BASH_UDP = `exec 3<>"/dev/udp/$0/$1" || exit 9
if [ "$1" = 53 ]; then printf '${DNS_QUESTION.replace(/../g, '\\x$&')}' >&3; else echo >&3; fi
IFS= read -r -n1 -t3 -u3; code=$?
[ "$code" = 0 ] && echo open; [ "$code" -gt 128 ] && echo silent; exit 0`;

/**
 * One way to try a connection with the tools of an image. `needs`: required programs. `command`: the program and its
 * arguments; undefined if the tool does not support the target. `read`: the finding, undefined if inconclusive. `direct`:
 * worth trying without a shell to look for programs.
 */
export type ConnectTool = {
  readonly name: string;
  readonly needs: readonly string[];
  readonly protocols: readonly Protocol[];
  readonly direct: boolean;
  /** Only a preliminary check: its success is inconclusive. */
  readonly first?: true;
  readonly command: (target: ConnectTarget) => readonly string[] | undefined;
  readonly read: (run: ToolRun, target: ConnectTarget) => Finding | undefined;
};

/** Timeout of an attempt, seconds (PROBE-2). */
export const PATIENCE = 3;

/** Small commands in order of preference: first those that distinguish all outcomes (PROBE-2). */
export const TOOLS: readonly ConnectTool[] = [
  {
    // Without it, bash waiting for DNS looks like a dropped path.
    name: 'getent',
    first: true,
    needs: ['getent', 'timeout'],
    protocols: PROTOCOLS,
    direct: false,
    command: ({ host, form }) =>
      form === 'name' ? ['timeout', String(PATIENCE), 'getent', 'hosts', host] : undefined,
    read: (run) => {
      if (wasCut(run)) return { outcome: 'dns-failure', note: 'no response from DNS' };
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
    // BusyBox without -z. Runs `true` on the connection, because it would otherwise wait for the peer to close.
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
    // Another `netcat` takes these arguments for hosts and ports and prints them: only the bare word counts.
    name: 'netcat dial',
    needs: ['netcat'],
    protocols: ['TCP', 'UDP'],
    direct: true,
    command: ({ address, protocol }) => ['netcat', 'dial', protocol.toLowerCase(), address, `${PATIENCE}s`],
    read: ({ text }, { protocol }) => (/^error$/m.test(text) ? undefined : word(text, protocol)),
  },
];

/** Interpreters. They are tried separately, because their scripts are long and go into the URL of the exec request. */
export const INTERPRETERS: readonly ConnectTool[] = [
  script('python3', ['python3', '-c', PYTHON]),
  script('node', ['node', '-e', NODE, '--']),
  script('node', ['/nodejs/bin/node', '-e', NODE, '--']),
  script('perl', ['perl', '-e', PERL], (target) => target.form !== 'ipv6'),
];

/** Its own timeout limits the connect; if it had to be killed, it was still resolving the name. */
function readNc(run: ToolRun, { form }: ConnectTarget): Finding | undefined {
  if (run.code === 0) return { outcome: 'open' };
  if (form === 'name' && wasCut(run)) return { outcome: 'dns-failure', note: 'no response from DNS' };
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
 * A proxy in the pod's environment would respond instead of the target. Exit code 28 only means a timeout; `time_connect`
 * above zero means that the connection was established (PROBE-3).
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

/** No reply over UDP never counts as dropped, because a server need not respond (PROBE-4). */
function silence(protocol: Protocol): Finding {
  return protocol === 'UDP'
    ? { outcome: 'unknown', note: `no reply in ${PATIENCE} s` }
    : { outcome: 'timeout' };
}
