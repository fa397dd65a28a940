/** Each language has each text, and each text takes what the English does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { argumentsOf, contentOf, declare, locales, read } from '../../bin/words.mjs';
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
