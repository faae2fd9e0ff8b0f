import type { Tree, TreeHead } from './merkle.ts';
import { type Note, readNote, type Signer, signNote } from './note.ts';

/** How a log stood, signed: its origin, how many records it had, and the root of the tree over them (AUD-6). */
export type Checkpoint = TreeHead & {
  readonly origin: string;
  readonly note: Note;
  /** The whole note. */
  readonly text: string;
};

/** The signed checkpoint of a tree. The origin of a log is the name of its key. */
export function checkpointOf(tree: Tree, signer: Signer): string {
  return signNote(`${signer.verifier.name}\n${tree.size()}\n${tree.root().toString('base64')}\n`, signer);
}

/** Reads a checkpoint; undefined if it is not one. Its signatures are not checked. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  const note = readNote(text);
  const [, origin, size, encoded = ''] =
    /^([^\n]+)\n(0|[1-9]\d{0,14})\n([A-Za-z\d+/]{43}=)\n(?:[^\n]+\n)*$/.exec(note?.text ?? '') ?? [];
  const root = Buffer.from(encoded, 'base64');
  if (note === undefined || origin === undefined || root.toString('base64') !== encoded) return undefined;
  return { origin, size: Number(size), root, note, text };
}

/** The texts of all signed notes in a text, such as several checkpoints one after the other. */
export function notesIn(text: string): readonly string[] {
  return Array.from(
    text.replaceAll('\r\n', '\n').matchAll(/(?:[^\n]+\n)+\n(?:— [^\n]+(?:\n|$))+/g),
    ([note]) => (note.endsWith('\n') ? note : `${note}\n`),
  );
}
