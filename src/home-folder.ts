import { homedir } from 'node:os';

/**
 * The home directory of the user. In a container a user may have no entry and no `HOME`: then the root directory, as
 * container runtimes set it.
 */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
