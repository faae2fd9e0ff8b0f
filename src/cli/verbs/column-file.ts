import { join } from 'node:path';
import * as v from 'valibot';
import type { ColumnStore } from '../../session/session.ts';
import { stateFile, stateRoot } from './state-file.ts';

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(60));
const schema = v.record(id, v.record(id, v.boolean()));

/** The choice of columns in `$XDG_STATE_HOME/sluice/columns.json`, for all contexts. */
export function columnFile(root: string = stateRoot()): ColumnStore {
  return stateFile(join(root, 'columns.json'), schema, 'a choice of columns');
}
