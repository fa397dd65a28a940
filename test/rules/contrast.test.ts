/** The colours of the appearances can be told from what they stand on (WCAG 2.2, 1.4.3, 1.4.6 and 1.4.11). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(join(import.meta.dirname, '../../web/styles/tokens.css'), 'utf8');
const SURFACES = ['bg', 'surface', 'raised', 'selected', 'hover'] as const;
const TEXT = ['text', 'text-2', 'text-3', 'accent', 'ok', 'warn', 'bad'] as const;

type Colours = ReadonlyMap<string, readonly [light: string, dark: string]>;

/** The colours of the rule with this selector. */
function coloursOf(selector: string): Colours {
  const start = css.indexOf(`${selector} {`);
  const rule = css.slice(start, css.indexOf('}', start));
  const found = rule.matchAll(/--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g);
  return new Map([...found].map(([, name = '', light = '', dark = '']) => [name, [light, dark] as const]));
}

/** By WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const usual = coloursOf(':root');
const contrast = coloursOf(":root[data-theme='contrast']");

describe.each([
  { name: 'the usual appearance', colours: usual, text: 4.5, border: 3 },
  { name: 'high contrast', colours: contrast, text: 7, border: 4.5 },
])('in $name', ({ colours, text, border }) => {
  const pair = (name: string): readonly [string, string] => colours.get(name) ?? expect.fail(`there is no --${name}`);
  const least = (front: string, backs: readonly string[]): number =>
    Math.min(...backs.flatMap(back => [0, 1].map(at => ratio(pair(front)[at] ?? '', pair(back)[at] ?? ''))));

  it.each(TEXT)('--%s can be read on all that it stands on', name => {
    expect(least(name, SURFACES)).toBeGreaterThanOrEqual(text);
  });

  it('what is on a coloured button can be read', () => {
    for (const name of ['accent', 'bad']) expect(least('on-accent', [name])).toBeGreaterThanOrEqual(text);
  });

  it('borders of controls can be seen', () => {
    expect(least('border', ['bg', 'surface', 'raised'])).toBeGreaterThanOrEqual(border);
  });
});
