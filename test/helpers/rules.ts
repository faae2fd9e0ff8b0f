import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A rule that code and tests cite by its id. `source` says where it comes from; undefined when nothing does. */
export type Rule = {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly source?: string;
  readonly file: string;
};

/** The rules that the files of a folder define, each by a heading `### NP-29 What it says`. */
export function rulesIn(folder: string): readonly Rule[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .flatMap((file) => rulesOf(file, readFileSync(join(folder, file), 'utf8')));
}

function rulesOf(file: string, markdown: string): readonly Rule[] {
  return markdown.split(/^(?=#)/m).flatMap((section) => {
    const [, id, title, body] = /^### ([A-Z]+-\d+) (.+)\n([\s\S]*)$/.exec(section) ?? [];
    if (id === undefined || title === undefined || body === undefined) return [];
    const [text = '', source] = body.split(/^Source: /m).map((part) => part.trim());
    return [{ id, title, text, file, ...(source === undefined || source === '' ? {} : { source }) }];
  });
}

/** `NP` of `NP-29`. */
export function familyOf(id: string): string {
  return id.replace(/-\d+$/, '');
}
