import { signal } from '@preact/signals';
import { shownText } from './format.ts';

/** A sentence at the edge of the window. `lasting` and `grave` ones, which tell of what nobody was there for or of a loss, stay until they are dismissed. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'lasting' | 'bad' | 'grave';
}

const MAX_NOTICES = 4;
/** Ms. What was refused is about what was just pressed, and may not be so any more. */
const SHOWN_MS = { plain: 6_000, bad: 60_000 };

export const notices = signal<readonly Notice[]>([]);
let nextId = 1;

export function notify(text: string, tone: Notice['tone'] = 'plain'): void {
  const id = nextId++;
  // Names of strangers may stand in it.
  const shown = shownText(text);
  const others = notices.value.filter(notice => notice.text !== shown);
  notices.value = [...others, { id, text: shown, tone }].slice(-MAX_NOTICES);
  if (tone === 'plain' || tone === 'bad') setTimeout(() => dismiss(id), SHOWN_MS[tone]);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter(notice => notice.id !== id);
}
