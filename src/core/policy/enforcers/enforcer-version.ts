/** Whether a version such as `1.20.2-rc.1` belongs to a release such as `1.20`, or to a later one. */
export function isAtLeast(version: string, release: string): boolean {
  const [[major, minor], [wantedMajor, wantedMinor]] = [numbersOf(version), numbersOf(release)];
  return major !== wantedMajor ? major > wantedMajor : minor >= wantedMinor;
}

function numbersOf(text: string): readonly [major: number, minor: number] {
  const found = /^(\d+)(?:\.(\d+))?/.exec(text);
  return [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
}
