import { useEffect, useState } from 'react';
import type { Size } from '../layout/layout.ts';
import type { Board } from './off-screen.ts';

type BoardState =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly board: Board }
  | { readonly state: 'failed'; readonly reason: string };

/** A board of a size. What draws on it is loaded when charts are first opened, never before (TERM-7). */
export function useBoard({ columns, rows }: Size): BoardState {
  const [state, setState] = useState<BoardState>({ state: 'loading' });
  useEffect(() => {
    let open: Board | undefined;
    let wanted = true;
    void load().then((made) => {
      if (!wanted) return;
      if (made.state === 'loaded') {
        open = made.openBoard({ columns, rows });
        setState({ state: 'ready', board: open });
      } else {
        setState({ state: 'failed', reason: made.reason });
      }
    });
    return () => {
      wanted = false;
      open?.dispose();
    };
  }, [columns, rows]);
  return state;
}

type Loaded =
  | { readonly state: 'loaded'; readonly openBoard: (size: Size) => Board }
  | { readonly state: 'failed'; readonly reason: string };

async function load(): Promise<Loaded> {
  try {
    const { openBoard } = await import('./off-screen.ts');
    return { state: 'loaded', openBoard };
  } catch (error) {
    return { state: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
