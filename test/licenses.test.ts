import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { shipped } from '../scripts/bundle-options.ts';
import { licensesOf } from '../scripts/licenses/licenses.ts';

/** Words that stand in the license of that name and in no other. */
const WORDS: Readonly<Record<string, RegExp>> = {
  MIT: /permission is hereby granted, free of charge, to any person obtaining a copy/,
  ISC: /permission to use, copy, modify, and(\/or)? distribute this software/,
  'BSD-2-Clause': /redistributions in binary form must reproduce the above copyright notice/,
  'BSD-3-Clause': /neither the name of .* nor the names of .* may be used to endorse/,
  'Apache-2.0': /terms and conditions for use, reproduction, and distribution/,
  Unlicense: /this is free and unencumbered software released into the public domain/,
};

type Section = { readonly license: string; readonly text: string };

let sections: ReadonlyMap<string, Section>;
let bundled: ReadonlyMap<string, string>;

beforeAll(async () => {
  sections = sectionsIn(await readFile('dist/THIRD-PARTY-LICENSES.txt', 'utf8'));
  const { metafile } = await build({ ...shipped(), outdir: 'dist', write: false, metafile: true });
  const folders = Object.keys(metafile.inputs).flatMap((path) => {
    const parts = path.split('/');
    const at = parts.lastIndexOf('node_modules');
    return at < 0 ? [] : parts.slice(0, at + (parts[at + 1]?.startsWith('@') ? 3 : 2)).join('/');
  });
  const read = async (folder: string) => {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    return [`${name} ${version}`, String(license)] as const;
  };
  bundled = new Map(await Promise.all([...new Set(folders)].map(read)));
}, 120_000);

function sectionsIn(file: string): ReadonlyMap<string, Section> {
  return new Map(
    file
      .split(/^---- /m)
      .slice(1)
      .map((section) => {
        const [, name = '', license = '', text = ''] = /^(\S+ \S+) \((.*)\)\n([\s\S]*)$/.exec(section) ?? [];
        return [name, { license, text: text.toLowerCase().replace(/\s+/g, ' ') }];
      }),
  );
}

describe('the licenses that come with the bundle', () => {
  test('are those of the packages in it, each once', () => {
    expect([...sections.keys()].sort()).toEqual([...bundled.keys()].sort());
    expect(bundled.size).toBeGreaterThan(50);
  });

  test('are named as the packages name them', () => {
    const named = [...sections].map(([name, { license }]) => [name, license] as const);
    expect(new Map(named)).toEqual(bundled);
  });

  test('stand there in full', () => {
    const without = [...sections].filter(([, { license, text }]) => WORDS[license]?.test(text) !== true);
    expect(without.map(([name, { license }]) => `${name} (${license})`)).toEqual([]);
  });

  test('say who holds the copyright, where anybody does', () => {
    const without = [...sections].filter(
      ([, { license, text }]) => !['Unlicense', 'Apache-2.0'].includes(license) && !/copyright/.test(text),
    );
    expect(without.map(([name]) => name)).toEqual([]);
  });

  test('include the notices that packages bring along', () => {
    expect(
      sections.get([...bundled.keys()].find((name) => name.startsWith('es-toolkit ')) ?? '')?.text,
    ).toContain('derived from lodash');
  });
});

test('a package that brings no license along has the standard text, with the author’s name', () => {
  expect(licensesOf(['node_modules/x256/index.js'])).toMatch(
    /^---- x256 \S+ \(MIT\)\nCopyright \(c\) James Halliday\n\nPermission is hereby granted/,
  );
});
