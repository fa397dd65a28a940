/**
 * What arrives as a text in English though it is ours: why a connection ended, what a tracker or a folder lacks, what the helper's frames say.
 * It goes where texts from outside go as well, so it is known again by its sentence (web/words/en/told.json).
 */
import { signal } from '@preact/signals';
import { language, loadWords } from './words/words.ts';

type Translate = (text: string) => string;

const translate = signal<Translate | null>(null);
let loading: Promise<void> | null = null;

/** In the language of the window; a text from elsewhere as it is. English until the texts have come, which the first of them asks for. */
export function translated(text: string): string {
  if (text === '' || language === 'en') return text;
  void loadTold();
  return translate.value?.(text) ?? text;
}

/** Resolves once {@link translated} knows them; where they cannot be had, English stays. */
export function loadTold(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  if (language === 'en') return;
  try {
    const [{ translator }] = await Promise.all([import('./told-words.ts'), loadWords('told', 'said')]);
    translate.value = await translator();
  } catch (error) {
    console.warn('The texts of what is told could not be loaded.', error);
  }
}
