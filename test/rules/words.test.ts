/** Each language has each text, and each text takes what the English does. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';
import { argumentsOf, catalogue, contentOf, declare, folder, locales, read } from '../../bin/words.mjs';
import { placesOf, SAID, type SaidCode } from '../../sw/said.ts';

const english = read('en');
const all = (locale: string): readonly (readonly [string, string])[] =>
  Object.entries(read(locale)).flatMap(([area, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${area}.${key}`, text] as const),
  );
const keysOf = (locale: string): readonly string[] => all(locale).map(([key]) => key);

it('what the texts take is declared as it is', async () => {
  const declared = readFileSync(join(import.meta.dirname, '../../web/words/messages.ts'), 'utf8');
  expect(declared, 'run `npm run words`').toBe(await declare());
});

it('what the worker says has a text each, which takes the same, and programs are told the same in English', () => {
  const texts = english['said'] ?? {};
  expect(Object.keys(texts)).toEqual(Object.keys(SAID));
  for (const code of Object.keys(SAID) as SaidCode[]) {
    const text = texts[code] ?? '';
    const taken = placesOf(code).map(([name, kind]) => [name, kind === 'number' ? 'number' : 'string']);
    expect([...argumentsOf(text)], code).toEqual(taken);
    // A window tells one from many; programs are told of many.
    const plain = SAID[code].replaceAll(', bytes}', '}');
    const [, counted] = /^\{(\w+), plural,/.exec(text) ?? [];
    if (counted === undefined) expect(text, code).toBe(plain);
    else expect(text.replaceAll('#', `{${counted}, number}`), code).toContain(plain);
  }
});

/** The labels that this text names, as keys of the same words. */
function labelsIn(text: string): readonly (readonly string[])[] {
  const named = [...text.matchAll(/“([^”{}]+)”/g)].map(([, label = '']) => label);
  return named.map(label => all('en').flatMap(([key, word]) => (word === label ? [key] : []))).filter(keys => keys.length > 0);
}

it('a text that a language does not have yet is the English one, counted as English is', async () => {
  const from = mkdtempSync(join(tmpdir(), 'words-'));
  try {
    for (const locale of ['en', 'ja']) cpSync(join(folder, locale), join(from, locale), { recursive: true });
    const without = (area: string, key: string): void => {
      const { [key]: _, ...texts } = read('ja', from)[area] ?? {};
      writeFileSync(join(from, 'ja', `${area}.json`), JSON.stringify(texts));
    };
    without('notices', 'many');
    without('said', 'root-in-use');
    const { notices = {} } = await built(from, 'ja/first');
    const { said = {} } = await built(from, 'ja/details');
    expect(notices['many']?.({ count: 2, files: 'none' })).toBe('2 torrents were removed.');
    expect(notices['undo']?.({})).toBe(read('ja')['notices']?.['undo']);
    expect(said['root-in-use']?.({ users: 1 })).toMatch(/^A torrent has/);
    expect(said['root-in-use']?.({ users: 3 })).toMatch(/^3 torrents have/);
    expect(said['no-files']?.({})).toBe(read('ja')['said']?.['no-files']);
  } finally {
    rmSync(from, { recursive: true });
  }
});

type Built = Record<string, Record<string, (values: object) => string>>;

/** A module of the catalogue, as the build makes it. */
async function built(from: string, part: string): Promise<Built> {
  const entry = '\0entry';
  const { output } = (await build({
    logLevel: 'error',
    configFile: false,
    plugins: [
      catalogue({ from }),
      {
        name: 'entry',
        resolveId: id => (id === entry ? id : null),
        load: id => (id === entry ? `export { default } from 'virtual:words/${part}'` : null),
      },
    ],
    build: {
      write: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict', output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput;
  const [{ code }] = output;
  return ((await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: Built }).default;
}

describe.each(locales())('the texts in %s', locale => {
  it('are those of the English, in its order', () => {
    expect(keysOf(locale)).toEqual(keysOf('en'));
  });

  it('take what those do, and hold neither marks of markup, nor blanks around them, nor a # that stands for no number', () => {
    for (const [key, text] of all(locale)) {
      const [area = '', name = ''] = key.split('.');
      expect([...argumentsOf(text)].sort(), key).toEqual([...argumentsOf(english[area]?.[name] ?? '')].sort());
      expect(text, key).not.toMatch(/<[a-z/]|^\s|\s$/i);
      expect(contentOf(text), key).not.toContain('#');
    }
  });

  it('name what is pressed as it is called', () => {
    const texts = new Map(all(locale));
    const naming = all('en').flatMap(([key, text]) => labelsIn(text).map(labels => [key, labels] as const));
    expect(naming.length).toBeGreaterThan(5);
    for (const [key, labels] of naming) {
      const called = labels.map(label => texts.get(label) ?? '');
      expect(
        called.some(label => texts.get(key)?.includes(label)),
        `${key}: ${called.join(', ')}`,
      ).toBe(true);
    }
  });
});
