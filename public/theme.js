// Runs before the first paint, so that a chosen appearance never flashes the other one, and asks for the texts along with the code.
{
  const stored = (key, storage = () => localStorage) => {
    try {
      return storage().getItem(key);
    } catch {
      // Storage is blocked: what the system and the browser are set to holds.
      return null;
    }
  };

  const root = document.documentElement;
  const theme = stored('starling.theme');
  if (['light', 'dark', 'contrast'].includes(theme)) root.dataset.theme = theme;
  else if (matchMedia('(prefers-contrast: more)').matches) root.dataset.theme = 'contrast';

  /** The modules of each language's first texts, by its BCP 47 tag. */
  const texts = JSON.parse(document.querySelector('meta[name="starling-languages"]').content);
  const parts = tag => new Intl.Locale(tag).maximize();

  /** Browsers have been seen to give `en-US@posix`, which is no tag. */
  function partsOfTheirs(tag) {
    try {
      return parts(tag);
    } catch {
      return {};
    }
  }

  /** What was chosen, else the first wanted language that there is, by its script alone where no country is told apart; else English. */
  function bestLanguage() {
    const tags = Object.keys(texts);
    const chosen = stored('starling.language.instead', () => sessionStorage) ?? stored('starling.language');
    if (tags.includes(chosen)) return chosen;
    for (const wanted of navigator.languages) {
      const { language, script } = partsOfTheirs(wanted);
      const found = tags.find(tag => parts(tag).language === language && parts(tag).script === script);
      if (found !== undefined) return found;
    }
    return 'en';
  }

  /** Where a part of the first screen did not come, as its worker ended meanwhile, nobody else is there to load the page again. As web/load-again.ts does. */
  function loadAgain() {
    const key = 'starling.reloads.parts';
    const [times = 0, last = 0] = (sessionStorage.getItem(key) ?? '').split(' ').map(Number);
    const pause = times === 0 ? 0 : Math.min(600_000, 10_000 * 2 ** (times - 1));
    const wait = pause - Math.abs(Date.now() - last);
    if (wait > 0) {
      setTimeout(loadAgain, wait);
      return;
    }
    sessionStorage.setItem(key, `${times + 1} ${Date.now()}`);
    location.reload();
  }

  addEventListener(
    'error',
    ({ target }) => {
      const isPart = target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
      if (isPart && document.readyState !== 'complete') loadAgain();
    },
    true,
  );

  root.lang = bestLanguage();
  root.dir = ['Arab', 'Hebr'].includes(parts(root.lang).script) ? 'rtl' : 'ltr';
  for (const href of texts[root.lang]) {
    const link = document.createElement('link');
    link.rel = 'modulepreload';
    link.href = href;
    document.head.append(link);
  }
}
