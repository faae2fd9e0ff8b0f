import { SluiceError } from '../../core/errors.ts';
import { codeOf } from './files.ts';

const CAUSES: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space.'],
  EDQUOT: ['the disk quota is used up', 'Free some space.'],
  EFBIG: ['the file may not grow any further', 'Raise the limit for the size of files.'],
  EACCES: ['permission denied', 'Check who owns the folder, or set XDG_STATE_HOME to another one.'],
  EPERM: ['not permitted', 'Check who owns the folder, or set XDG_STATE_HOME to another one.'],
  EROFS: ['the file system is read-only', 'Set XDG_STATE_HOME to a folder that can be written.'],
  ENOTDIR: ['a part of the path is no folder', 'Set XDG_STATE_HOME to a folder that can be written.'],
  EEXIST: ['a part of the path is no folder', 'Set XDG_STATE_HOME to a folder that can be written.'],
  ELOOP: ['its file is a symbolic link', 'Remove the link.'],
};

/** What the system's refusal means for the log: without it nothing is granted, so the next step comes with it. */
export function auditTrouble(directory: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const [what, next] = CAUSES[codeOf(error) ?? ''] ?? [
    error instanceof Error ? error.message : String(error),
    'Check the folder.',
  ];
  return new SluiceError(
    'failed',
    `The audit log in ${directory} can't be written: ${what}.`,
    `${next} Nothing is granted without a record.`,
    error,
  );
}
