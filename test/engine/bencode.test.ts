import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, encode, type BValue } from '../../sw/engine/codec/bencode.ts';
import { scan } from '../../sw/engine/codec/scan.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { MALFORMED, WELL_FORMED } from '../vectors/bencode.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Any value that can be written and read back: keys are ASCII, as those of every message are. */
const value = fc.letrec<{ value: BValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ maxLength: 8, unit: 'binary-ascii' }).filter(key => key !== '__proto__'),
      tie('value'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
})).value;

/** Bytes that look like bencoding at first sight, so that the scanner is reached beyond its first byte. */
const nearlyBencoded = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'd',
        'l',
        'e',
        'i',
        ':',
        '-',
        '0',
        '1:a',
        '2:bb',
        '9:__proto__',
        '6:length',
        'i5e',
        '0:',
        'de',
        'le',
        '9',
        '\xff',
      ),
    ),
    {
      maxLength: 40,
    },
  )
  .map(parts => Uint8Array.from(parts.join(''), character => character.charCodeAt(0)));

function accepts(input: Uint8Array): boolean {
  try {
    scan(input);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return false;
  }
}

describe('the scanner', () => {
  it.each(WELL_FORMED)('accepts %s', text => {
    expect(scan(bytes(text)).end(0)).toBe(text.length);
  });

  it.each(MALFORMED)('refuses %j: %s', text => {
    expect(() => scan(bytes(text))).toThrow(EngineError);
  });

  it('refuses every proper prefix of a value', () => {
    const whole = bytes('d1:ali1ei-20e3:xyzd0:lee1:b0:e1:ci7ee');
    expect(accepts(whole)).toBe(true);
    for (let length = 0; length < whole.length; length++) expect(accepts(whole.subarray(0, length))).toBe(false);
  });

  it('either accepts or throws an EngineError, whatever it is given', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(nearlyBencoded, fc.uint8Array({ maxLength: 60 })), input => {
        if (accepts(input)) accepted++;
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('lets bytes follow only where told to, and says where they begin', () => {
    expect(scan(bytes('i1e\r\n'), { trailing: 'allow' }).end(0)).toBe(3);
    expect(() => scan(bytes('i1e\r\n'))).toThrow(/follows/);
  });

  it('takes nesting up to the limit and no further', () => {
    const nested = (depth: number): Uint8Array => bytes('l'.repeat(depth) + 'e'.repeat(depth));
    expect(accepts(nested(100))).toBe(true);
    expect(accepts(nested(101))).toBe(false);
    expect(() => scan(nested(3), { maxDepth: 2 })).toThrow(/nested/);
    expect(() => scan(bytes('l'.repeat(10_000_000)))).toThrow(/nested/);
  });

  it('takes values and keys up to the limit and no further', () => {
    expect(scan(bytes('d1:a0:e'), { maxTokens: 3 }).count).toBe(3);
    expect(() => scan(bytes('d1:a0:e'), { maxTokens: 2 })).toThrow(/values/);
    expect(() => scan(bytes(`l${'0:'.repeat(4_000_000)}e`))).toThrow(/values/);
  });

  it('tells of each value whether its keys are in order', () => {
    const scanned = scan(bytes('d1:ad1:ci1e1:bi2ee1:bd1:ai1eee'));
    expect(scanned.isSorted(0)).toBe(false);
    expect(scanned.isSorted(scanned.find(0, 'a'))).toBe(false);
    expect(scanned.isSorted(scanned.find(0, 'b'))).toBe(true);
  });

  it('finds values and gives their bytes as they stand', () => {
    const scanned = scan(bytes('d4:infod1:ai1ee4:listl2:xyi-3eee'));
    const text = (token: number): string => String.fromCharCode(...scanned.raw(token));
    expect(text(scanned.find(0, 'info'))).toBe('d1:ai1ee');
    expect(scanned.integer(scanned.find(scanned.find(0, 'info'), 'a'))).toBe(1);
    expect([...scanned.items(scanned.find(0, 'list'))].map(text)).toEqual(['2:xy', 'i-3e']);
    expect([...scanned.entries(0)].map(({ key }) => String.fromCharCode(...key))).toEqual(['info', 'list']);
    expect(scanned.find(0, 'absent')).toBe(-1);
    expect(scanned.find(-1, 'info')).toBe(-1);
    expect(scanned.string(scanned.find(0, 'info'))).toBeNull();
    expect(scanned.integer(scanned.find(0, 'list'))).toBeNull();
    expect(scanned.string(-1)).toBeNull();
  });

  it('gives integers that a number cannot hold as infinite', () => {
    const integer = (text: string): number | null => scan(bytes(text)).integer(0);
    expect(integer('i9007199254740991e')).toBe(Number.MAX_SAFE_INTEGER);
    expect(integer('i-9007199254740991e')).toBe(Number.MIN_SAFE_INTEGER);
    expect(integer('i9007199254740992e')).toBe(Infinity);
    expect(integer(`i-${'9'.repeat(1000)}e`)).toBe(-Infinity);
  });

  it.each([
    ['lists of nothing', (n: number) => `l${'le'.repeat(n / 2)}e`],
    ['one long integer', (n: number) => `i${'7'.repeat(n)}e`],
    ['one long length', (n: number) => '7'.repeat(n)],
    [
      'many keys in order',
      (n: number) => `d${Array.from({ length: n / 10 }, (_, i) => `6:${String(i).padStart(6, '0')}0:`).join('')}e`,
    ],
    [
      'many keys out of order',
      (n: number) => `d${Array.from({ length: n / 10 }, (_, i) => `6:${String(n - i).padStart(6, '0')}0:`).join('')}e`,
    ],
    [
      'long keys that differ at the end',
      (n: number) =>
        `d${Array.from({ length: n / 1000 }, (_, i) => `1000:${'k'.repeat(994)}${String(i).padStart(6, '0')}0:`).join('')}e`,
    ],
  ])('reads each byte a few times at most: %s', (_, make) => {
    for (const size of [10_000, 40_000]) {
      const input = bytes(make(size));
      let reads = 0;
      const counted = new Proxy(input, {
        get(target, property) {
          reads++;
          const found: unknown = Reflect.get(target, property, target);
          return typeof found === 'function' ? (found.bind(target) as unknown) : found;
        },
      });
      accepts(counted);
      expect(reads).toBeLessThan(12 * input.length);
    }
  });
});

describe('values', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(value, original => {
        const encoded = encode(original);
        const decoded = decode(encoded);
        expect(decoded.end).toBe(encoded.length);
        expect(encode(decoded.value)).toEqual(encoded);
        expect(decoded.value).toEqual(original);
      }),
    );
  });

  it('are decoded only from what the scanner accepts', () => {
    fc.assert(
      fc.property(nearlyBencoded, input => {
        const forbidden = String.fromCharCode(...input).includes('9:__proto__');
        if (accepts(input) && !forbidden) decode(input);
        else if (!accepts(input)) expect(() => decode(input)).toThrow(EngineError);
      }),
      { numRuns: 2000 },
    );
  });

  it('are written with their keys in order', () => {
    expect(encode({ b: 1, a: [bytes('x'), -2], 'a b': {} })).toEqual(bytes('d1:al1:xi-2ee3:a bde1:bi1ee'));
  });

  it('are not written where a number is not whole', () => {
    expect(() => encode({ a: [1.5] })).toThrow(EngineError);
    expect(() => encode(2 ** 53)).toThrow(EngineError);
  });

  it('are read by their kind, and are null as any other', () => {
    const dict = asDict(decode(bytes('d4:dictde3:inti5e4:listle4:text2:hie')).value);
    const kinds = (key: string): boolean[] =>
      [asDict, asInt, asList, asBytes, asText].map(read => read(dictGet(dict, key)) !== null);
    expect(kinds('dict')).toEqual([true, false, false, false, false]);
    expect(kinds('int')).toEqual([false, true, false, false, false]);
    expect(kinds('list')).toEqual([false, false, true, false, false]);
    expect(kinds('text')).toEqual([false, false, false, true, true]);
    expect(kinds('absent')).toEqual([false, false, false, false, false]);
    expect(asInt(decode(bytes('i9007199254740993e')).value)).toBeNull();
  });

  it('have no key by which an object could be made to be another', () => {
    expect(() => decode(bytes('d9:__proto__3:abc6:lengthi3ee'))).toThrow(EngineError);
    expect(() => decode(bytes('d1:ald9:__proto__leeee'))).toThrow(EngineError);
    expect(asText(decode(bytes('9:__proto__')).value)).toBe('__proto__');
    expect(dictGet(asDict(decode(bytes('de')).value), 'toString')).toBeUndefined();
    expect(asInt(dictGet(asDict(decode(bytes('d11:constructori1e8:toStringi2ee')).value), 'toString'))).toBe(2);
  });
});
