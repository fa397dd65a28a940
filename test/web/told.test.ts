/** What is told in English is known again, and said in the language of the window. */
import { afterEach, expect, it, vi } from 'vitest';
import { locales, read } from '../../bin/words.mjs';

/** A text of the catalogue with these in its places. */
function put(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

async function windowIn(language: string): Promise<(text: string) => string> {
  vi.resetModules();
  vi.stubGlobal('document', { documentElement: { lang: language, dir: 'ltr' } });
  const { loadTold, translated } = await import('../../web/told.ts');
  await loadTold();
  return translated;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

it.each(locales())('is known again in %s, with what stands in its places', async language => {
  const translated = await windowIn(language);
  const [english, own] = [read('en')['told'] ?? {}, read(language)['told'] ?? {}];
  for (const [key, text] of Object.entries(english)) {
    const values = Object.fromEntries([...text.matchAll(/\{(\w+)\}/g)].map(([, name = ''], at) => [name, `${at} of (these)`]));
    expect(translated(put(text, values)), key).toBe(put(own[key] ?? '', values));
  }
});

it('says what stands in a place in the language as well, and leaves what comes from elsewhere', async () => {
  const translated = await windowIn('de');
  expect(translated('banned: it sent corrupt data')).toBe('gesperrt: es kamen fehlerhafte Daten von dort');
  expect(translated('The list of paired apps was damaged. The one before the last change is used.')).toBe(
    'Beschädigt: die Liste der gekoppelten Apps. Benutzt wird, was vor der letzten Änderung galt.',
  );
  const watched = 'A file in a watched folder is no torrent that can be used, and is left as it is.';
  expect(
    translated(`${watched} This file is no torrent. If it was downloaded, the server may have sent a web page in its place.`),
  ).toMatch(/bleibt, wie sie ist\. Diese Datei ist kein Torrent\./);
  for (const text of ['unregistered torrent', 'connect ECONNREFUSED 192.0.2.1:80', 'No answer in time. Really.', ''])
    expect(translated(text)).toBe(text);
});
