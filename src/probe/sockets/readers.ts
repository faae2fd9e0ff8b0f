/** The tables, with the clock that dates them. IPv6 may be off; the rest is read all the same. */
const FILES = ['/proc/uptime', '/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'];

/** Ends by itself: what runs in a pod outlives the client that started it, so it may only be short. */
const LOOP = `i=0
while :; do
  cat ${FILES.join(' ')} 2>/dev/null | head -c 200000
  i=$((i+1)); [ "$i" -lt "$0" ] || break
  sleep 0.5 2>/dev/null || sleep 1
done`;

const BUILTINS = `for f in ${FILES.join(' ')}; do
  [ -r "$f" ] && while IFS= read -r l; do echo "$l"; done < "$f"
done`;

const PYTHON = `import sys
for f in sys.argv[1:]:
  try: sys.stdout.write(open(f).read())
  except OSError: pass`;

const NODE = `for (const f of process.argv.slice(1)) {
  try { process.stdout.write(require('fs').readFileSync(f)) } catch {}
}`;

const PERL = 'for (@ARGV) { open(F, "<", $_) and print <F> }';

/**
 * One way to read the socket tables inside a container. `needs` is the program that must exist; `command` takes the
 * number of looks, half a second apart, and `many` says whether it can do more than one.
 */
export type Reader = {
  readonly name: string;
  readonly needs: string;
  readonly many: boolean;
  readonly command: (looks: number) => readonly string[];
};

/**
 * In order of preference. One exec costs about 60 ms of CPU on the node (containerd 2.4, measured), one look inside
 * a loop 5 ms: a loop of four looks costs a third of four execs.
 */
export const READERS: readonly Reader[] = [
  { name: 'sh, cat', needs: 'sh', many: true, command: (looks) => ['sh', '-c', LOOP, String(looks)] },
  { name: 'cat', needs: 'cat', many: false, command: () => ['cat', ...FILES] },
  { name: 'busybox cat', needs: 'busybox', many: false, command: () => ['busybox', 'cat', ...FILES] },
  { name: 'sh alone', needs: 'sh', many: false, command: () => ['sh', '-c', BUILTINS] },
  { name: 'python3', needs: 'python3', many: false, command: () => ['python3', '-c', PYTHON, ...FILES] },
  { name: 'node', needs: 'node', many: false, command: () => ['node', '-e', NODE, '--', ...FILES] },
  { name: 'perl', needs: 'perl', many: false, command: () => ['perl', '-e', PERL, ...FILES] },
];

/** How long an exec of so many looks may take, in ms, with a sleep that knows whole seconds only. */
export function readerTimeout(looks: number): number {
  return 5_000 + looks * 1_100;
}
