import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const openssl = (args: readonly string[]) => run('openssl', args);

/** What is asked of one certificate; signed by itself without `by`. */
type Wanted = {
  readonly name: string;
  readonly by?: string;
  readonly isCa?: boolean;
  readonly alt?: string;
  readonly rsa?: number;
  readonly over?: boolean;
};

const NAMES = 'DNS:localhost,DNS:api.lab.invalid,IP:127.0.0.1,IP:::1';

const WANTED: readonly Wanted[] = [
  { name: 'root', isCa: true },
  { name: 'int', by: 'root', isCa: true },
  { name: 'leaf', by: 'int', alt: NAMES },
  { name: 'self', alt: NAMES },
  { name: 'other', isCa: true },
  { name: 'named', by: 'root', alt: 'DNS:named.lab.invalid' },
  { name: 'small', by: 'root', alt: NAMES, rsa: 1_024 },
  { name: 'over', by: 'root', alt: NAMES, over: true },
  { name: 'alice', by: 'root' },
  { name: 'bob', by: 'root' },
];

/** Makes keys and certificates in a folder with openssl: `<name>.crt`, `<name>.key`. A few seconds. */
export async function makePki(folder: string): Promise<void> {
  const at = (file: string) => join(folder, file);
  for (const { name, by, isCa = false, alt, rsa, over = false } of WANTED) {
    const kind = rsa === undefined ? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] : [];
    const size = rsa === undefined ? [] : ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${rsa}`];
    await openssl(['genpkey', ...kind, ...size, '-out', at(`${name}.key`)]);
    const extensions = [
      `basicConstraints=${isCa ? 'critical,CA:true' : 'CA:false'}`,
      ...(alt === undefined ? [] : [`subjectAltName=${alt}`]),
    ];
    await writeFile(at(`${name}.ext`), `${extensions.join('\n')}\n`);
    await openssl([
      'req',
      '-new',
      '-key',
      at(`${name}.key`),
      '-subj',
      `/O=lab/CN=${name}`,
      '-out',
      at(`${name}.csr`),
    ]);
    const signer =
      by === undefined
        ? ['-signkey', at(`${name}.key`)]
        : ['-CA', at(`${by}.crt`), '-CAkey', at(`${by}.key`), '-CAcreateserial'];
    await openssl([
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...signer,
      '-days',
      over ? '-1' : '3650',
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.crt`),
    ]);
  }
  const text = (file: string) => readFile(at(file), 'utf8');
  await writeFile(at('chain.crt'), `${await text('leaf.crt')}${await text('int.crt')}`);
  await writeFile(at('bundle.crt'), `# comment\n${await text('other.crt')}\n${await text('root.crt')}`);
  await writeFile(
    at('broken-first.crt'),
    `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${await text('root.crt')}`,
  );
  await writeFile(at('alice.pem'), `${await text('alice.key')}${await text('alice.crt')}`);
  await openssl(['pkey', '-in', at('alice.key'), '-aes256', '-passout', 'pass:x', '-out', at('locked.key')]);
  await openssl(['pkey', '-in', at('alice.key'), '-traditional', '-out', at('alice-sec1.key')]);
}
