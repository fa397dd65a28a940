/** The texts of the app, in English, for tests of what the window says. */
import { expect } from 'vitest';

if (expect.getState().testPath?.includes('/test/web/') === true) {
  const { loadAllWords } = await import('../web/words/words.ts');
  await loadAllWords();
}
