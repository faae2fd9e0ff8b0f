/** A kubeconfig, good or broken, for kubectl and sluice. `@PKI@` is the folder of the certificates, `@LEAF@` a port. */
export type ParityCase = {
  readonly name: string;
  readonly text: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the two are meant to differ, and why (API-41, API-43, API-44). */
  readonly differs?: string;
};

type Parts = Omit<ParityCase, 'name' | 'text' | 'differs'> & {
  readonly cluster?: string;
  readonly user?: string;
  readonly context?: string;
  readonly change?: (text: string) => string;
  readonly differs?: string;
};

const CA = 'certificate-authority: @PKI@/root.crt';
const CHAIN = `server: "https://127.0.0.1:@CHAIN@", ${CA}`;
const TOKEN = 'token: secret';
const ALICE = 'client-certificate: @PKI@/alice.crt, client-key: @PKI@/alice.key';
const V1 = 'apiVersion: client.authentication.k8s.io/v1';
const PLUGIN = `exec: {${V1}, command: ./plugin.sh, interactiveMode: Never}`;

function one(name: string, parts: Parts = {}): ParityCase {
  const {
    cluster = CHAIN,
    user = TOKEN,
    context = 'namespace: here',
    change = (text) => text,
    ...more
  } = parts;
  const text = `apiVersion: v1
kind: Config
current-context: a
clusters:
- name: c
  cluster: {${cluster}}
users:
- name: u
  user: {${user}}
contexts:
- name: a
  context: {cluster: c, user: u, ${context}}
`;
  return { name, text: change(text), ...more };
}

const server = (rest: string) => ({ cluster: rest });
const proxied = (proxy: string, rest = CA) =>
  server(`server: "https://api.lab.invalid:@CHAIN@", ${rest}, proxy-url: "${proxy}"`);
const exec = (rest: string) => ({ user: `exec: {${V1}, interactiveMode: Never, ${rest}}` });
const env = (HTTPS_PROXY: string, NO_PROXY = '') => ({
  cluster: `server: "https://api.lab.invalid:@CHAIN@", ${CA}`,
  env: { HTTPS_PROXY, NO_PROXY },
});

export const CASES: readonly ParityCase[] = [
  one('a token and a CA'),
  one(
    'intermediate as CA',
    server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: @PKI@/int.crt'),
  ),
  one(
    'only the leaf is served',
    server('server: "https://127.0.0.1:@LEAF@", certificate-authority: @PKI@/int.crt'),
  ),
  one('a root for a missing intermediate', server(`server: "https://127.0.0.1:@LEAF@", ${CA}`)),
  one('pinned leaf', server('server: "https://127.0.0.1:@LEAF@", certificate-authority: @PKI@/leaf.crt')),
  one('self-signed', server('server: "https://127.0.0.1:@SELF@", certificate-authority: @PKI@/self.crt')),
  one('bundle', server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: @PKI@/bundle.crt')),
  one(
    'broken certificate first',
    server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: @PKI@/broken-first.crt'),
  ),
  one('another CA', server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: @PKI@/other.crt')),
  one('no CA', server('server: "https://127.0.0.1:@CHAIN@"')),
  one(
    'CA that is no PEM',
    server('server: "https://127.0.0.1:@CHAIN@", certificate-authority-data: aGVsbG8='),
  ),
  one(
    'CA that is a key',
    server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: @PKI@/alice.key'),
  ),
  one(
    'CA that is not base64',
    server('server: "https://127.0.0.1:@CHAIN@", certificate-authority-data: "!!!"'),
  ),
  one('CA that is missing', server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: gone.crt')),
  one(
    'CA by a relative path',
    server('server: "https://127.0.0.1:@CHAIN@", certificate-authority: ./pki/root.crt'),
  ),
  one('insecure', server('server: "https://127.0.0.1:@CHAIN@", insecure-skip-tls-verify: true')),
  one('insecure beside a CA', server(`${CHAIN}, insecure-skip-tls-verify: true`)),
  one('insecure as a text', server(`server: "https://127.0.0.1:@CHAIN@", insecure-skip-tls-verify: "true"`)),
  one('expired server certificate', server(`server: "https://127.0.0.1:@OVER@", ${CA}`)),
  one('RSA of 1024 bits', server(`server: "https://127.0.0.1:@SMALL@", ${CA}`)),
  one('another name', server(`server: "https://127.0.0.1:@NAMED@", ${CA}`)),
  one(
    'tls-server-name',
    server(`server: "https://127.0.0.1:@NAMED@", ${CA}, tls-server-name: named.lab.invalid`),
  ),
  one(
    'tls-server-name that is wrong',
    server(`server: "https://127.0.0.1:@CHAIN@", ${CA}, tls-server-name: x.invalid`),
  ),
  one(
    'tls-server-name that is an address',
    server(`server: "https://localhost:@CHAIN@", ${CA}, tls-server-name: 127.0.0.1`),
  ),
  one('a path', server(`server: "https://127.0.0.1:@CHAIN@/k8s/clusters/c-1", ${CA}`)),
  one('a path with a slash', server(`server: "https://127.0.0.1:@CHAIN@/k8s/", ${CA}`)),
  one('query and fragment', server(`server: "https://127.0.0.1:@CHAIN@/k8s?a=b#c", ${CA}`)),
  one('IPv6', server('server: "https://[::1]:@SIX@", certificate-authority: @PKI@/self.crt')),
  one('capitals in the scheme', server(`server: "HTTPS://127.0.0.1:@CHAIN@", ${CA}`)),
  one('http', server('server: "http://127.0.0.1:@PLAIN@"')),
  one('http with a certificate', { ...server('server: "http://127.0.0.1:@PLAIN@"'), user: ALICE }),
  one('http with a plug-in', { ...server('server: "http://127.0.0.1:@PLAIN@"'), user: PLUGIN }),
  one('http with as', { ...server('server: "http://127.0.0.1:@PLAIN@"'), user: 'token: x, as: jane' }),
  one('no scheme', server('server: "127.0.0.1:@PLAIN@"')),
  one('no scheme but a CA', {
    ...server(`server: "127.0.0.1:@CHAIN@", ${CA}`),
    differs: 'a CA means TLS (API-43)',
  }),
  one('another scheme', server('server: "ftp://127.0.0.1:@PLAIN@"')),
  one('no server', server(CA)),
  one('a user in the address', {
    ...server(`server: "https://me:pass@127.0.0.1:@CHAIN@", ${CA}`),
    user: ALICE,
  }),
  one('disable-compression', server(`${CHAIN}, disable-compression: true`)),
  one('a certificate', { user: ALICE }),
  one('a certificate inline', { user: 'client-certificate-data: @ALICE@, client-key-data: @ALICEKEY@' }),
  one('certificate and key in one file', {
    user: 'client-certificate: @PKI@/alice.pem, client-key: @PKI@/alice.pem',
  }),
  one('a key of the old kind', {
    user: 'client-certificate: @PKI@/alice.crt, client-key: @PKI@/alice-sec1.key',
  }),
  one('a certificate and a token', { user: `${ALICE}, ${TOKEN}` }),
  one('a certificate without a key', { user: 'client-certificate: @PKI@/alice.crt' }),
  one('a key without a certificate', { user: 'client-key: @PKI@/alice.key' }),
  one('a token beside a lone key', { user: `client-key: @PKI@/alice.key, ${TOKEN}` }),
  one('the key of another', { user: 'client-certificate: @PKI@/alice.crt, client-key: @PKI@/bob.key' }),
  one('a locked key', { user: 'client-certificate: @PKI@/alice.crt, client-key: @PKI@/locked.key' }),
  one('a certificate that is no PEM', {
    user: 'client-certificate-data: aGVsbG8=, client-key-data: aGVsbG8=',
  }),
  one('a certificate that is missing', { user: 'client-certificate: gone.crt, client-key: gone.key' }),
  one('a certificate by relative paths', {
    user: 'client-certificate: pki/alice.crt, client-key: ./pki/alice.key',
  }),
  one('a token file', { user: 'tokenFile: ./token' }),
  one('a token file with a line break inside', { user: 'tokenFile: ./two-lines' }),
  one('an empty token file', { user: 'tokenFile: ./empty' }),
  one('a token file that is missing', { user: 'tokenFile: gone' }),
  one('a token file before a token', { user: `tokenFile: token, ${TOKEN}` }),
  one('a missing token file beside a token', { user: `tokenFile: gone, ${TOKEN}` }),
  one('a token with a line break', { user: 'token: "secret\\n"' }),
  one('a token with spaces around', { user: 'token: " secret "' }),
  one('a token that is a number', { user: 'token: 12345' }),
  one('a password', { user: 'username: me, password: "pä:ss"' }),
  one('a password and a token', { user: `username: me, password: x, ${TOKEN}` }),
  one('a password and a certificate', { user: `username: me, password: x, ${ALICE}` }),
  one('a token before a plug-in', { user: `${TOKEN}, ${PLUGIN}` }),
  one('a certificate before a plug-in', { user: `${ALICE}, ${PLUGIN}` }),
  one('a password before a plug-in', { user: `username: me, password: x, ${PLUGIN}` }),
  one('a plug-in', { user: PLUGIN }),
  one('a plug-in and an auth-provider', { user: `${PLUGIN}, auth-provider: {name: oidc}` }),
  one('an auth-provider that is gone', { user: 'auth-provider: {name: gcp}' }),
  one('a token and an auth-provider that is gone', { user: `${TOKEN}, auth-provider: {name: gcp}` }),
  one('a plug-in that answers YAML', exec('command: ./yaml.sh')),
  one('a plug-in that gives a certificate', exec('command: ./cert.sh, args: ["@PKI@"]')),
  one('a plug-in that gives half a certificate', exec('command: ./half.sh, args: ["@PKI@"]')),
  one('a plug-in of another version', exec('command: ./beta.sh')),
  one('a plug-in that prints nothing', exec('command: ./nothing.sh')),
  one('a plug-in that fails', exec('command: ./fails.sh')),
  one('a plug-in that is missing', exec('command: ./gone.sh, installHint: get it')),
  one('a plug-in in PATH', exec('command: in-path')),
  one(
    'a plug-in in PATH with another PATH in env',
    exec('command: in-path, env: [{name: PATH, value: /bin:/usr/bin}]'),
  ),
  one(
    'a plug-in with env and args',
    exec('command: ./env.sh, args: [a, "b c"], env: [{name: X, value: "y z"}]'),
  ),
  one('a nameless variable', exec('command: ./env.sh, env: [{value: y}]')),
  one('a plug-in without a command', exec('args: [a]')),
  one('a plug-in without apiVersion', { user: 'exec: {command: ./plugin.sh, interactiveMode: Never}' }),
  one('a plug-in of v1alpha1', {
    user: 'exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: ./plugin.sh}',
  }),
  one('a plug-in of v1beta1', {
    user: 'exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./beta.sh}',
  }),
  one('an unknown interactiveMode', {
    user: `exec: {${V1}, command: ./plugin.sh, interactiveMode: Perhaps}`,
  }),
  one('no interactiveMode', { user: `exec: {${V1}, command: ./plugin.sh}`, differs: 'IfAvailable (API-41)' }),
  one('a plug-in that must ask', { user: `exec: {${V1}, command: ./plugin.sh, interactiveMode: Always}` }),
  one('what a plug-in is told', exec('command: ./plugin.sh, provideClusterInfo: true')),
  one('what a plug-in is told of a cluster', {
    ...exec('command: ./plugin.sh, provideClusterInfo: true'),
    cluster: `server: "https://127.0.0.1:@CHAIN@/", tls-server-name: localhost, disable-compression: true, ${CA},
      extensions: [{name: client.authentication.k8s.io/exec, extension: {a: [1, {b: c}]}}, {name: x, extension: {}}]`,
  }),
  one('what a plug-in is told of a proxy', {
    ...exec('command: ./plugin.sh, provideClusterInfo: true'),
    ...proxied('http://me:p%40ss@127.0.0.1:@HTTP@'),
  }),
  one('a proxy', proxied('http://127.0.0.1:@HTTP@')),
  one('a proxy with a password', proxied('http://me:p%40ss@127.0.0.1:@HTTP@')),
  one('a proxy with TLS', proxied('https://127.0.0.1:@HTTPS@')),
  one(
    'a proxy with TLS of another CA',
    proxied('https://127.0.0.1:@HTTPS@', 'certificate-authority: @PKI@/other.crt'),
  ),
  one('a SOCKS proxy', proxied('socks5://127.0.0.1:@SOCKS@')),
  one('a proxy that wants a password', proxied('http://127.0.0.1:@REFUSING@')),
  one('a proxy that is down', proxied('http://127.0.0.1:1')),
  one('a proxy without a scheme', proxied('127.0.0.1:@HTTP@')),
  one(
    'a proxy for http',
    server('server: "http://api.lab.invalid:@PLAIN@", proxy-url: "http://127.0.0.1:@HTTP@"'),
  ),
  one(
    'a SOCKS proxy for http',
    server('server: "http://api.lab.invalid:@PLAIN@", proxy-url: "socks5://127.0.0.1:@SOCKS@"'),
  ),
  one(
    'a proxy for IPv6',
    server(
      'server: "https://[::1]:@SIX@", certificate-authority: @PKI@/self.crt, proxy-url: "http://127.0.0.1:@HTTP@"',
    ),
  ),
  one('HTTPS_PROXY', env('http://127.0.0.1:@HTTP@')),
  one('HTTPS_PROXY without a scheme', env('127.0.0.1:@HTTP@')),
  one('HTTPS_PROXY for SOCKS', env('socks5://127.0.0.1:@SOCKS@')),
  one('NO_PROXY', env('http://127.0.0.1:@HTTP@', '.lab.invalid')),
  one('NO_PROXY with a star', env('http://127.0.0.1:@HTTP@', 'x, *.lab.invalid')),
  one('NO_PROXY of another', env('http://127.0.0.1:@HTTP@', 'b.invalid,10.0.0.0/8')),
  one('loopback and HTTPS_PROXY', { env: { HTTPS_PROXY: 'http://127.0.0.1:@REFUSING@', NO_PROXY: '' } }),
  one('HTTP_PROXY', {
    ...server('server: "http://api.lab.invalid:@PLAIN@"'),
    env: { HTTP_PROXY: 'http://127.0.0.1:@HTTP@', NO_PROXY: '' },
  }),
  one('--as', { args: ['--as', 'jane'] }),
  one('--as in UTF-8', { args: ['--as', 'Zoë Ünal 猫'] }),
  one('--as-group', { args: ['--as', 'jane', '--as-group', 'a', '--as-group', 'ü'] }),
  one('--as-group alone', { args: ['--as-group', 'a'] }),
  one('as of the user', {
    user: `${TOKEN}, as: jane, as-uid: "7", as-groups: [a, b], as-user-extra: {"a/b (c)": [x, ü], D: [y]}`,
  }),
  one('--as beside as-groups', {
    user: `${TOKEN}, as: jane, as-groups: [a], as-uid: "7"`,
    args: ['--as', 'joe'],
  }),
  one('--as-uid', { user: `${TOKEN}, as: jane`, args: ['--as-uid', '9'] }),
  one('as-groups without as', { user: `${TOKEN}, as-groups: [a]` }),
  one('as with a line break', { user: `${TOKEN}, as: "a\\nb"` }),
  one('merge keys', {
    change: (text) => `x: &cred {token: merged}\n${text.replace('{token: secret}', '{<<: *cred}')}`,
  }),
  one('a duplicate key', { change: (text) => `${text}current-context: a\n` }),
  one('a token twice', { user: 'token: one, token: two' }),
  one('a byte order mark and CRLF', { change: (text) => `\ufeff${text.replaceAll('\n', '\r\n')}` }),
  one('a number as a name', {
    change: (text) =>
      text.replaceAll('current-context: a', 'current-context: 1').replace('- name: a', '- name: 1'),
  }),
  one('yes as a name', {
    change: (text) =>
      text.replaceAll('current-context: a', 'current-context: yes').replace('- name: a', '- name: yes'),
  }),
  one('a user twice', {
    change: (text) => text.replace('users:', 'users:\n- name: u\n  user: {token: first}'),
  }),
  one('no kind', { change: (text) => text.replace('kind: Config\n', '') }),
  one('another kind', { change: (text) => text.replace('Config', 'Pod') }),
  one('another apiVersion', { change: (text) => text.replace('apiVersion: v1', 'apiVersion: v2') }),
  one('a field that nobody knows', { user: `${TOKEN}, colour: blue, Token: no` }),
  one('null lists', { change: () => 'clusters: null\nusers: null\ncontexts: null\n' }),
  one('an empty file', { change: () => '' }),
  one('a list', { change: () => '- a\n' }),
  one('broken YAML', { change: (text) => `${text}: [` }),
  one('a second document that is broken', { change: (text) => `${text}---\nfoo: [\n` }),
  one('JSON with tabs', {
    change: () =>
      '{\n\t"current-context": "a",\n\t"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:@PLAIN@"}}],\n\t"contexts": [{"name": "a", "context": {"cluster": "c"}}]\n}',
  }),
  one('a context that is missing', { args: ['--context', 'gone'] }),
  one('a user that is missing', { change: (text) => text.replace('user: u,', 'user: gone,') }),
  one('no user', { user: '', differs: 'kubectl asks for a username (API-44)' }),
  one('a cluster that is missing', { change: (text) => text.replace('cluster: c,', 'cluster: gone,') }),
  one('a quoted namespace', { context: 'namespace: "here"' }),
];
