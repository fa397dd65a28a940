import { notify } from './notices.ts';
import { words } from './words/words.ts';

/** What is copied, as the texts tell it apart. */
export type Copied = 'address' | 'command' | 'diagnostics' | 'error' | 'hash' | 'link' | 'log' | 'magnet' | 'name' | 'trackers';

/** Puts a text on the clipboard and says so. */
export async function copy(text: string, what: Copied): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(words.clipboard.copied({ what }));
  } catch {
    notify(words.clipboard.refused({ what }), 'bad');
  }
}
