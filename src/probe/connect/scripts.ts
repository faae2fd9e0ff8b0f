/**
 * Attempts in the languages that images bring along. Each takes host, port and protocol as arguments, prints one
 * word (`open`, `refused`, `timeout`, `dns-failure`, `unreachable` or `silent`) and gives up after 3 s. Over UDP a
 * datagram is sent (a DNS question to port 53, else a line feed) and `open` means that something came back.
 */

/** Asks for the name servers of the root; its id begins with a letter, so the answer does too. */
const DNS_QUESTION = '736c01000001000000000000000002' + '0001';

export const PYTHON = `import errno,socket,sys
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

export const NODE = `const [host,port,protocol]=process.argv.slice(1);
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

export const PERL = `use Errno qw(ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH); use IO::Socket::INET; use Socket;
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

/** For bash with its /dev/tcp and /dev/udp, which only `timeout` can cut short. */
export const BASH_TCP = 'exec 3<>"/dev/tcp/$0/$1"';
export const BASH_UDP = `exec 3<>"/dev/udp/$0/$1" || exit 9
if [ "$1" = 53 ]; then printf '${DNS_QUESTION.replace(/../g, '\\x$&')}' >&3; else echo >&3; fi
IFS= read -r -n1 -t3 -u3; code=$?
[ "$code" = 0 ] && echo open; [ "$code" -gt 128 ] && echo silent; exit 0`;
