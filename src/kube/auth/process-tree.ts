import { execFileSync } from 'node:child_process';

/**
 * A process and all that it has started, itself first. Those whose parent has ended are not found; nor are any on
 * Windows, which has no `ps`.
 */
export function treeOf(root: number): readonly number[] {
  const found = [root];
  const parents = parentsOf();
  for (const parent of found) {
    for (const [pid, its] of parents) if (its === parent) found.push(pid);
  }
  return found;
}

/** Every process with its parent. */
function parentsOf(): readonly (readonly [pid: number, parent: number])[] {
  if (process.platform === 'win32') return [];
  try {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => {
      const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
      return [pid, parent] as const;
    });
  } catch {
    return [];
  }
}
