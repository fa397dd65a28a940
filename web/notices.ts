import { signal } from '@preact/signals';
import { shownText } from './format.ts';

/** A sentence at the edge of the window. All but plain ones stay until they are dismissed. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'lasting' | 'bad';
}

const MAX_NOTICES = 4;
const SHOWN_MS = 6000;

export const notices = signal<readonly Notice[]>([]);
let nextId = 1;

export function notify(text: string, tone: Notice['tone'] = 'plain'): void {
  const id = nextId++;
  // Names of strangers may stand in it.
  const shown = shownText(text);
  const others = notices.value.filter(notice => notice.text !== shown);
  notices.value = [...others, { id, text: shown, tone }].slice(-MAX_NOTICES);
  if (tone === 'plain') setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter(notice => notice.id !== id);
}
