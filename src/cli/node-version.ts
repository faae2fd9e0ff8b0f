/** The oldest Node that the bundle runs on, as in package.json's `engines`. */
const OLDEST = [22, 19] as const;

/**
 * The error message when Node is too old for sluice, otherwise undefined. `version` is `process.versions.node`.
 * Must itself run on any Node that supports ES modules.
 */
export function nodeTooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `sluice: Node ${OLDEST.join('.')} or later is required, but this is Node ${version}.\n        Install a newer Node, or put one first in PATH.\n`;
}
