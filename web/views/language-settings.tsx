import type { JSX } from 'preact';
import { notify } from '../notices.ts';
import { chooseLanguage, chosenLanguage, languages, words } from '../words/words.ts';
import { Setting } from './setting.tsx';

const AS_BROWSER = '';

/** The language of the app: as the browser is set, or one by its own name. The page is loaded anew with it. */
export function LanguageSetting(): JSX.Element {
  return (
    <Setting id="language" isTitled>
      <select
        class="select"
        aria-label={words.settings.language()}
        aria-describedby="language-text"
        value={chosenLanguage() ?? AS_BROWSER}
        onChange={({ currentTarget: { value } }) => {
          void choose(value === AS_BROWSER ? null : value);
        }}
      >
        <option value={AS_BROWSER}>{words.settings.languageAsBrowser()}</option>
        {languages().map(({ tag, name }) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
      <p id="language-text" class="quiet">
        {words.settings.languageText()}
      </p>
    </Setting>
  );
}

async function choose(tag: string | null): Promise<void> {
  try {
    await chooseLanguage(tag);
  } catch {
    notify(words.settings.languageNotLoaded(), 'bad');
    return;
  }
  location.reload();
}
