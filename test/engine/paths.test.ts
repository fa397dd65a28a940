import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctPaths, MAX_NAME_BYTES, safeName } from '../../sw/engine/codec/paths.ts';
import { EngineError } from '../../sw/engine/errors.ts';

const size = (name: string): number => new TextEncoder().encode(name).length;

/** Any UTF-16 at all, lone surrogates among it. */
const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map(units => String.fromCharCode(...units));

/** Pieces of the names that attackers and unlucky people choose. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        '\0',
        ' ',
        'con',
        'NUL',
        'lpt1',
        'a',
        'C:',
        '\u202e',
        '\u200b',
        '\ufeff',
        'é',
        'e\u0301',
        'ß',
        '😀',
        '\ud800',
        '\n',
        '.txt',
        'x'.repeat(150),
      ),
      anyText(4),
    ),
    { maxLength: 6 },
  )
  .map(parts => parts.join(''));

describe('a safe name', () => {
  it('is one component that any system can hold, or none at all', () => {
    fc.assert(
      fc.property(hostile, raw => {
        const name = safeName(raw);
        expect(name === '').toBe(/^\.*$/.test(raw));
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}\p{Cs}<>:"|?*]/u);
        expect(name).not.toMatch(/[. ]$/);
        expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
        expect(size(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
      }),
      { numRuns: 3000 },
    );
  });

  it('is its own safe name', () => {
    fc.assert(
      fc.property(hostile, raw => safeName(safeName(raw)) === safeName(raw)),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', ''],
    ['.', ''],
    ['..', ''],
    ['...', ''],
    ['. .', '_'],
    ['/', '_'],
    ['../../etc/passwd', '....etcpasswd'],
    ['a\\b', 'ab'],
    ['a\0b', 'a_b'],
    ['a:b', 'a_b'],
    ['what?', 'what_'],
    ['end. . ', 'end'],
    ['.hidden', '.hidden'],
    [' leading', ' leading'],
    ['con', '_con'],
    ['NUL.txt', '_NUL.txt'],
    ['com1 .log', '_com1 .log'],
    ['com¹', '_com¹'],
    ['c\u200bon', '_con'],
    ['console', 'console'],
    ['con.', '_con'],
    ['exe.\u202egpj', 'exe.gpj'],
    ['\u200b', '_'],
    ['Ünïcode 名前.txt', 'Ünïcode 名前.txt'],
    ['bad\ufffdbytes', 'bad_bytes'],
    ['Plain Name (2024) [1080p].mkv', 'Plain Name (2024) [1080p].mkv'],
  ])('of %j is %j', (raw, name) => {
    expect(safeName(raw)).toBe(name);
  });

  it('is found without looking back and forth through millions of dots and spaces', () => {
    expect(safeName(`${'. '.repeat(2_000_000)}x?`)).toBe('. x_');
  });

  it('keeps its extension when it is cut', () => {
    expect(safeName(`${'x'.repeat(300)}.mkv`)).toBe(`${'x'.repeat(236)}.mkv`);
    expect(safeName('x'.repeat(300))).toBe('x'.repeat(240));
    expect(safeName('😀'.repeat(100))).toBe('😀'.repeat(60));
    expect(safeName(`${'é'.repeat(200)}.tar.gz`)).toBe(`${'é'.repeat(118)}.gz`);
    expect(safeName(`${'x'.repeat(235)} ${'y'.repeat(50)}.mkv`)).toBe(`${'x'.repeat(235)}.mkv`);
  });
});

describe('distinct paths', () => {
  const join = (paths: readonly (readonly string[])[]): string[] => paths.map(path => path.join('/'));
  const distinct = (...paths: string[]): string[] => join(distinctPaths(paths.map(path => path.split('/'))));

  it('keep the names of the first, and number the others', () => {
    expect(distinct('t/a.txt', 't/a.txt', 't/a.txt', 't/b')).toEqual(['t/a.txt', 't/a.1.txt', 't/a.2.txt', 't/b']);
    expect(distinct('t/a', 't/a.1', 't/a')).toEqual(['t/a', 't/a.1', 't/a.2']);
    expect(distinct('t/a', 't/a', 't/a.1')).toEqual(['t/a', 't/a.1', 't/a.1.1']);
  });

  it('count names as one where some disk does', () => {
    expect(distinct('t/README', 't/readme')).toEqual(['t/README', 't/readme.1']);
    expect(distinct('t/caf\u00e9', 't/cafe\u0301')).toEqual(['t/caf\u00e9', 't/cafe\u0301.1']);
    expect(distinct('t/straße', 't/STRASSE')).toEqual(['t/straße', 't/STRASSE.1']);
    expect(distinct('t/A/x', 't/a/X')).toEqual(['t/A/x', 't/a/X.1']);
  });

  it('give no file the name of a folder, whichever comes first', () => {
    expect(distinct('t/a', 't/a/b')).toEqual(['t/a.1', 't/a/b']);
    expect(distinct('t/A/b', 't/a')).toEqual(['t/A/b', 't/a.1']);
  });

  it('stay within the length of a name', () => {
    const long = `${'x'.repeat(236)}.mkv`;
    const [first, second] = distinctPaths([[long], [long]]);
    expect(first).toEqual([long]);
    expect(second).toEqual([`${'x'.repeat(234)}.1.mkv`]);
  });

  it('are refused where too many are the same', () => {
    const same = (count: number): string[][] => Array.from({ length: count }, () => ['t', 'a']);
    expect(new Set(join(distinctPaths(same(30)))).size).toBe(30);
    expect(() => distinctPaths(same(118))).toThrow(EngineError);
  });

  it('are distinct and stable, whatever they come from', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'a.1', 'é', 'e\u0301', 'a.txt', 'A.TXT');
    const path = fc.array(name, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(path, { maxLength: 15 }), paths => {
        const once = distinctPaths(paths);
        const fold = (text: string): string => text.normalize('NFC').toUpperCase();
        const files = join(once).map(fold);
        expect(new Set(files).size).toBe(files.length);
        const folders = new Set(
          once.flatMap(parts => parts.slice(1).map((_, depth) => fold(parts.slice(0, depth + 1).join('/')))),
        );
        for (const file of files) expect(folders.has(file)).toBe(false);
        expect(distinctPaths(paths)).toEqual(once);
        expect(once.map(parts => parts.slice(0, -1))).toEqual(paths.map(parts => parts.slice(0, -1)));
      }),
      { numRuns: 500 },
    );
  });
});
