import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cyclesOf, folderImports, pastEntries, readImports } from '../scripts/house/imports.ts';

const imports = readImports(['src', 'views']);

describe('the tree explains itself', () => {
  test('no files import each other in a circle, types included', () => {
    expect(cyclesOf(imports.of)).toEqual([]);
  });

  test('no folders import each other in a circle, types included', () => {
    expect(cyclesOf(folderImports(imports))).toEqual([]);
  });

  test('a folder is entered through the file of its name', () => {
    expect(pastEntries(imports)).toEqual([]);
  });

  test('no folder is more than three levels below src', () => {
    const deep = imports.files.map(dirname).filter((folder) => folder.split('/').length > 4);
    expect(deep).toEqual([]);
  });
});
