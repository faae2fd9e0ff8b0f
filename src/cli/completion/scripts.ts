import bash from './sluice.bash';
import fish from './sluice.fish';
import zsh from './sluice.zsh';

/** What each shell is to source, by its name: it passes on what is typed, and what the program answers. */
export const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };
