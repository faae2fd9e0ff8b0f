import { createHash } from 'node:crypto';
import { type Hook, safeText } from '../core/common/common.ts';

/** The name of a hook in the queue: the same for the same program or address, whatever else is said of it. */
export function hookKey(hook: Hook): string {
  return shortHash(hook.exec === undefined ? hook.webhook : JSON.stringify(hook.exec));
}

/** The name of a hook for people: a path of a web address may be secret. */
export function hookName(hook: Hook): string {
  return safeText(hook.exec === undefined ? new URL(hook.webhook).host : hook.exec[0]);
}

/** 16 hexadecimal digits of a hash. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** What became of one delivery. `refused`: this notice will never be taken. `after`: when to try again at the earliest, ms. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly refused?: boolean; readonly after?: number };

/** How long one delivery may take, ms. */
export const DELIVER_WITHIN = 10_000;
