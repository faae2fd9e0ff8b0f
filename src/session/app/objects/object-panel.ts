import { asSluiceError, isAbort, SluiceError } from '../../../core/errors.ts';
import type { Commands } from '../../commands.ts';
import type { Runtime } from '../../runtime.ts';
import type { AboutItem } from '../../state.ts';
import type { App } from '../app.ts';
import { grantPath } from '../path/path-state.ts';
import { aboutGrant } from './about-grant.ts';
import { aboutPod } from './about-pod.ts';
import { aboutPolicy } from './about-policy.ts';
import { type Under, underCursor } from './under-cursor.ts';
import { yamlLines } from './yaml.ts';

/** Opens what there is to know of the row under the cursor: in words, and as YAML read from the server. */
export function objectPanel(app: App, explain: () => void): Pick<Commands, 'about' | 'detail'> {
  const open = (makeAbout: (runtime: Runtime, under: Under) => readonly AboutItem[]) => {
    const runtime = app.runtime();
    const under = underCursor(app);
    if (runtime === undefined) return;
    if (under === undefined) {
      if (app.state().focus === 'attempts') explain();
      return;
    }
    const { title } = under;
    app.push(
      { type: 'detail', title, about: makeAbout(runtime, under), lines: [], scroll: 0, loading: true },
      under.pane === 'grants' ? grantPath(app, under.row.grant) : undefined,
    );
    app.run(async (signal) => {
      const lines = await readYaml(runtime, under, signal);
      app.update('detail', (overlay) =>
        overlay.title === title ? { ...overlay, lines, loading: false } : overlay,
      );
    });
  };
  return { about: () => open(aboutOf), detail: () => open(() => []) };
}

function aboutOf({ engine }: Runtime, under: Under): readonly AboutItem[] {
  switch (under.pane) {
    case 'pods':
      return aboutPod(engine, under.row);
    case 'policies':
      return aboutPolicy(engine, under.row);
    case 'grants':
      return aboutGrant(under.row);
  }
}

/** The objects as they are now; what went wrong, where they can't be had: the panel stays open and says so. */
async function readYaml(
  { connection }: Runtime,
  { title, refs }: Under,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const found = await Promise.all(refs.map((ref) => connection.api.read(ref, signal)));
    const objects = found.filter((object) => object !== undefined);
    if (objects.length === 0)
      throw new SluiceError('not-found', `${title} is gone.`, 'The row goes with the next change.');
    return yamlLines(objects);
  } catch (error) {
    if (isAbort(error)) throw error;
    const { message, hint } = asSluiceError(error);
    return [`# ${message} ${hint}`];
  }
}
