/** The lines inside a bordered pane or dialog, by the beginning of its title, without its border. */
export function paneLines(lines: readonly string[], title: string): readonly string[] {
  const at = lines.findIndex((line) => line.includes(`╭ ${title}`) || line.includes(`╭▸${title}`));
  const top = lines[at];
  if (top === undefined) return [];
  const left = Math.max(top.indexOf(`╭ ${title}`), top.indexOf(`╭▸${title}`));
  const right = top.indexOf('╮', left);
  const below = lines.slice(at + 1);
  const end = below.findIndex((line) => line[left] === '╰');
  return below.slice(0, end === -1 ? below.length : end).map((line) => line.slice(left + 1, right));
}

/** The text inside a bordered pane or dialog; its lines joined by single blanks. */
export function paneText(lines: readonly string[], title: string): string {
  return paneLines(lines, title).join(' ').replace(/\s+/g, ' ').trim();
}
