import { expect, test } from 'vitest';
import { checkpointOf, notesIn, readCheckpoint } from '../../src/audit/checkpoint.ts';
import { emptyTree, leafHash } from '../../src/audit/merkle.ts';
import {
  isSignedBy,
  newSigner,
  readNote,
  readSecret,
  readVerifier,
  secretText,
  signNote,
} from '../../src/audit/note.ts';

/** The example of the package golang.org/x/mod/sumdb/note. */
const SECRET = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const PUBLIC = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNED = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

test('a key and a note of another program are read, and signed the same', () => {
  const signer = readSecret(SECRET);
  expect(signer?.verifier.text).toBe(PUBLIC);
  expect(signer === undefined ? '' : secretText(signer)).toBe(SECRET);
  expect(signer === undefined ? '' : signNote(TEXT, signer)).toBe(SIGNED);
  const note = readNote(SIGNED) ?? expect.fail();
  const verifier = readVerifier(PUBLIC) ?? expect.fail();
  expect(note.text).toBe(TEXT);
  expect(isSignedBy(note, verifier)).toBe(true);
});

test('the key id is that of the specification', () => {
  const note = readNote(SIGNED) ?? expect.fail();
  expect(note.signatures).toMatchObject([{ name: 'PeterNeumann', id: 'c74f20a3' }]);
});

test('a signature is of its text, its name and its key alone', () => {
  const signer = newSigner('sluice.dev/audit/a');
  const text = signNote('one\ntwo\n', signer);
  const signed = (note: string, verifier = signer.verifier) => {
    const read = readNote(note);
    return read !== undefined && isSignedBy(read, verifier);
  };
  expect(signed(text)).toBe(true);
  expect(signed(text.replace('two', 'too'))).toBe(false);
  expect(signed(text, newSigner('sluice.dev/audit/a').verifier)).toBe(false);
  expect(signed(text, { ...signer.verifier, name: 'other' })).toBe(false);
});

test('what is not a note or a key is not read', () => {
  const lines = SIGNED.slice(TEXT.length + 1);
  for (const text of ['', TEXT, lines, SIGNED.trimEnd(), SIGNED.replace('\n\n', '\n'), `\u0000${SIGNED}`]) {
    expect(readNote(text), JSON.stringify(text)).toBeUndefined();
  }
  expect(readNote(`${TEXT}\n— PeterNeumann x08g\n`)).toBeUndefined();
  expect(readVerifier(PUBLIC.replace('c74f20a3', 'c74f20a4'))).toBeUndefined();
  expect(readVerifier(PUBLIC.replace('ARpc', 'Arpc'))).toBeUndefined();
  expect(readSecret(SECRET.replace('c74f20a3', 'c74f20a4'))).toBeUndefined();
});

test('a checkpoint has origin, size and root', () => {
  const signer = newSigner('sluice.dev/audit/a');
  const tree = emptyTree();
  tree.add(leafHash('x'));
  const text = checkpointOf(tree, signer);
  expect(text).toMatch(
    /^sluice\.dev\/audit\/a\n1\n[A-Za-z0-9+/]{43}=\n\n— sluice\.dev\/audit\/a [A-Za-z0-9+/]{91}=\n$/,
  );
  expect(readCheckpoint(text)).toMatchObject({ origin: 'sluice.dev/audit/a', size: 1, root: leafHash('x') });
  expect(readCheckpoint(text.replace('\n1\n', '\n01\n'))).toBeUndefined();
  expect(readCheckpoint(SIGNED)).toBeUndefined();
});

test('the example checkpoint of the specification is read', () => {
  const text = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
  expect(readCheckpoint(text)).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
});

test('several notes in one text are found, with lines between them', () => {
  const signer = newSigner('a');
  const [one, two] = [signNote('a\n1\n', signer), signNote('a\n2\n', signer)];
  expect(notesIn(`${one}${two}`)).toEqual([one, two]);
  expect(notesIn(`${one}\n\n${two.replaceAll('\n', '\r\n')}`)).toEqual([one, two]);
  expect(notesIn(`${one}${two}`.trimEnd())).toEqual([one, two]);
});
