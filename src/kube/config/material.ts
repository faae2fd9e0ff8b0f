import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { type Entry, entryName, faultOf, textField } from './fields.ts';

/** Text of a certificate or key, and the field that it came from, for messages. */
export type Material = {
  readonly text: string;
  readonly field: string;
  /** Absent for inline data. */
  readonly path?: string;
};

/** A client certificate with its key, PEM. */
export type Pair = { readonly cert: string; readonly key: string };

/** Makes a path of a kubeconfig absolute: relative paths start from the directory of the file. */
export function resolvePath(entry: Entry, path: string): string {
  return isAbsolute(path) ? path : join(entry.folder, path);
}

/**
 * A certificate or key as text: from `<field>-data` (base64), else from the file that `<field>` names.
 *
 * @throws SluiceError `config` for data that is not base64, or a file that can't be read
 */
export async function readMaterial(entry: Entry, field: string): Promise<Material | undefined> {
  const data = textField(entry, `${field}-data`)?.replaceAll(/[\r\n]/g, '');
  if (data) {
    if (!BASE64.test(data) || data.length % 4 !== 0)
      throw faultOf(entry, `has a ${field}-data that is not base64`, 'Paste the whole value again');
    return { text: Buffer.from(data, 'base64').toString('utf8'), field: `${field}-data` };
  }
  const named = textField(entry, field);
  if (named === undefined) return undefined;
  const path = resolvePath(entry, named);
  try {
    return { text: await readFile(path, 'utf8'), field, path };
  } catch (error) {
    throw new SluiceError(
      'config',
      `Unable to read ${field} ${safeText(path)} of ${entryName(entry)}: ${whyUnread(error)}.`,
      `Check the path in ${safeText(entry.file)}.`,
      error,
    );
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Why a file could not be read, in a few words. */
export function whyUnread(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'it does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'you are not allowed to';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return typeof code === 'string' ? safeText(code) : 'it is not a readable file';
  }
}

/** The readable certificates in a PEM, each as PEM. What else is in it, or is broken, is passed over, as in Go. */
export function certificatesIn(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.filter((block) => parsed(() => new X509Certificate(block)) !== undefined);
}

/**
 * A certificate and its key, checked as Go checks them (API-46).
 *
 * @throws SluiceError `config` that names the field at fault
 */
export function pairOf(entry: Entry, cert: Material, key: Material): Pair {
  const pair = { cert: cert.text, key: key.text };
  switch (pairProblem(pair)) {
    case 'certificate':
      throw faultOf(entry, `has a ${fieldOf(cert)} without a PEM certificate`, 'Paste or name the whole PEM');
    case 'locked':
      throw faultOf(
        entry,
        `has a ${fieldOf(key)} that is locked with a passphrase, which kubectl can't open either`,
        'Unlock it with openssl pkey, and name the unlocked key',
      );
    case 'key':
      throw faultOf(entry, `has a ${fieldOf(key)} without a PEM private key`, 'Paste or name the whole PEM');
    case 'mismatch':
      throw faultOf(
        entry,
        `has a ${fieldOf(key)} that is not the key of its ${fieldOf(cert)}`,
        'Name the certificate and the key that belong together',
      );
    default:
      return pair;
  }
}

/** What keeps a certificate and a key from being used: one of them is not PEM, or they are not a pair. */
export function pairProblem({ cert, key }: Pair): 'certificate' | 'locked' | 'key' | 'mismatch' | undefined {
  const [first] = certificatesIn(cert);
  if (first === undefined) return 'certificate';
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(key)) return 'locked';
  const secret = parsed(() => createPrivateKey(key));
  if (secret === undefined) return 'key';
  return isPair(new X509Certificate(first), secret) ? undefined : 'mismatch';
}

function fieldOf({ field, path }: Material): string {
  return path === undefined ? field : `${field} ${safeText(path)}`;
}

function isPair(certificate: X509Certificate, key: KeyObject): boolean {
  return parsed(() => certificate.checkPrivateKey(key)) === true;
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
