import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** A public key that checks notes. `text` is its form for people and files: `name+id+key` (AUD-6). */
export type Verifier = {
  readonly text: string;
  readonly name: string;
  /** The first four bytes of a hash over name and key, hex: `9a3bc41f`. */
  readonly id: string;
  readonly key: KeyObject;
};

/** A key that signs notes. */
export type Signer = { readonly verifier: Verifier; readonly key: KeyObject };

const ED25519 = 1;

/** Reads `name+id+key`; undefined if it is not a public Ed25519 key, or its id is not that of its name and key. */
export function readVerifier(text: string): Verifier | undefined {
  const [, name, id, encoded] = /^([^\s+]+)\+([\da-f]{8})\+([A-Za-z\d+/]{44})$/u.exec(text) ?? [];
  if (name === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes[0] !== ED25519 || bytes.toString('base64') !== encoded) return undefined;
  const verifier = verifierOf(name, bytes.subarray(1));
  return verifier.id === id ? verifier : undefined;
}

function verifierOf(name: string, raw: Buffer): Verifier {
  const typed = Buffer.concat([Buffer.of(ED25519), raw]);
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'hex').slice(0, 8);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return { text: `${name}+${id}+${typed.toString('base64')}`, name, id, key };
}

/** A new key of the given name. */
export function newSigner(name: string): Signer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signerOf(name, privateKey);
}

function signerOf(name: string, key: KeyObject): Signer {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { verifier: verifierOf(name, Buffer.from(x ?? '', 'base64url')), key };
}

/** The secret form of a key, `PRIVATE+KEY+name+id+seed`, as other programs for signed notes have it. */
export function secretText({ verifier: { name, id }, key }: Signer): string {
  const seed = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  return `PRIVATE+KEY+${name}+${id}+${Buffer.concat([Buffer.of(ED25519), seed]).toString('base64')}`;
}

/** What comes before the 32 bytes of the seed in the PKCS #8 form of an Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Reads the secret form of a key; undefined if it is not one. */
export function readSecret(text: string): Signer | undefined {
  const [, name, id, encoded = ''] =
    /^PRIVATE\+KEY\+([^\s+]+)\+([\da-f]{8})\+([A-Za-z\d+/]{44})$/u.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (name === undefined || bytes.length !== 33 || bytes[0] !== ED25519) return undefined;
  const der = Buffer.concat([PKCS8, bytes.subarray(1)]);
  const signer = signerOf(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return signer.verifier.id === id ? signer : undefined;
}

/** The signed note over a text, which ends in a line feed (AUD-6). */
export function signNote(text: string, { verifier, key }: Signer): string {
  const signature = Buffer.concat([Buffer.from(verifier.id, 'hex'), sign(null, Buffer.from(text), key)]);
  return `${text}\n— ${verifier.name} ${signature.toString('base64')}\n`;
}

/** One line below a note. */
export type Signature = { readonly name: string; readonly id: string; readonly bytes: Buffer };

/** A note taken apart; its signatures are not checked. */
export type Note = { readonly text: string; readonly signatures: readonly Signature[] };

/** Reads a note; undefined if it is not one. */
export function readNote(note: string): Note | undefined {
  const at = note.lastIndexOf('\n\n');
  const lines = note.slice(at + 2).split('\n');
  if (at < 1 || lines.pop() !== '' || lines.length === 0 || /[\u0000-\u0009\u000b-\u001f]/.test(note)) {
    return undefined;
  }
  const signatures = lines.map(readSignature);
  return signatures.every((signature) => signature !== undefined)
    ? { text: note.slice(0, at + 1), signatures }
    : undefined;
}

function readSignature(line: string): Signature | undefined {
  const [, name, encoded = ''] = /^— ([^\s+]+) ([A-Za-z\d+/]+={0,2})$/u.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== encoded) return undefined;
  return { name, id: bytes.toString('hex', 0, 4), bytes: bytes.subarray(4) };
}

/** Whether a key signed a note; signatures of other keys are ignored. */
export function isSignedBy({ text, signatures }: Note, { name, id, key }: Verifier): boolean {
  const own = signatures.filter((signature) => signature.name === name && signature.id === id);
  return own.length > 0 && own.every(({ bytes }) => verify(null, Buffer.from(text), key, bytes));
}
