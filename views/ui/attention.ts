import type { StoreApi } from 'zustand/vanilla';
import type { Commands, SessionState } from '../../src/session/session.ts';
import { countdownOf, createGrantNews } from './grant-news.ts';
import {
  BELL,
  CLEAR_PROGRESS,
  desktopCode,
  KEEP_TITLE,
  progressCode,
  RESTORE_TITLE,
  titleCode,
} from './terminal-codes.ts';
import type { TerminalTakes } from './terminal-takes.ts';
import { toAscii } from './theme.ts';

/** What the user lets sluice do beyond the screen. */
export type NotifyWishes = { readonly title: boolean; readonly bell: boolean; readonly desktop: boolean };

export type AttentionOptions = {
  readonly store: StoreApi<SessionState>;
  readonly notify: Commands['notify'];
  /** Writes to the terminal past Ink, which would paint a frame for it (TERM-3). */
  readonly write: (codes: string) => void;
  readonly takes: TerminalTakes;
  readonly wishes: NotifyWishes;
  readonly ascii: boolean;
  /** Gets the text of each notice, for what is outside the terminal. */
  readonly onNotice?: ((text: string) => void) | undefined;
};

/** The countdown outside the screen, and the notices before and at the end of a grant. */
export type Attention = {
  /** Gives the terminal its own title back, and clears its progress; for the shell, and at the end. */
  readonly leave: () => void;
  /** Goes on after `leave`. */
  readonly enter: () => void;
  /** Leaves for good. */
  readonly dispose: () => void;
};

/** A progress bar that is not refreshed is taken for one whose program died, by Ghostty after 15 s. */
const REFRESH = 10_000;

/** Watches the grants until disposed. */
export function createAttention(options: AttentionOptions): Attention {
  const { store, notify, write, takes, wishes, ascii, onNotice } = options;
  const newsOf = createGrantNews();
  const hasTitle = takes.title && wishes.title;
  const hasProgress = takes.progress && wishes.title;
  let title: string | undefined;
  let progress: { readonly percent: number; readonly at: number } | undefined;
  let away = false;

  const clear = () => {
    if (title !== undefined) write(RESTORE_TITLE);
    if (progress !== undefined) write(CLEAR_PROGRESS);
    title = undefined;
    progress = undefined;
  };
  const show = (state: SessionState) => {
    const countdown = countdownOf(state);
    if (countdown === undefined) {
      clear();
      return;
    }
    const text = ascii ? toAscii(countdown.title) : countdown.title;
    if (hasTitle && text !== title) {
      write(`${title === undefined ? KEEP_TITLE : ''}${titleCode(text)}`);
      title = text;
    }
    const { percent } = countdown;
    if (hasProgress && (percent !== progress?.percent || state.now - progress.at >= REFRESH)) {
      write(progressCode(percent));
      progress = { percent, at: state.now };
    }
  };
  const tell = (state: SessionState) => {
    const news = newsOf(state);
    for (const { id, level, text, ended } of news) {
      if (takes.desktop !== undefined && wishes.desktop) write(desktopCode(takes.desktop, text));
      onNotice?.(text);
      if (ended) notify(level, `${text}.`);
      else notify(level, `${text}; + extends it.`, undefined, id);
    }
    if (news.length > 0 && takes.bell && wishes.bell) write(BELL);
  };
  const look = (state: SessionState) => {
    if (!away) show(state);
    tell(state);
  };

  let seen = store.getState();
  look(seen);
  const unsubscribe = store.subscribe((state) => {
    if (state.grants === seen.grants && state.serverNow === seen.serverNow) return;
    // Before the notices, which change the state again.
    seen = state;
    look(state);
  });
  const leave = () => {
    away = true;
    clear();
  };
  return {
    leave,
    enter: () => {
      away = false;
      show(store.getState());
    },
    dispose: () => {
      unsubscribe();
      leave();
    },
  };
}
