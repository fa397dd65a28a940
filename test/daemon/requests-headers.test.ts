/** Headers of requests, whatever stands in them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRange } from '../../daemon/wire/byte-range.ts';
import { isSafe } from '../../daemon/io/paths.ts';
import { Refusal } from '../../daemon/io/requests/answers.ts';
import { folderOf, headerOf, numberOf, pathOf, sha1Of, textOf } from '../../daemon/io/requests/headers.ts';
import { askedOf } from '../../daemon/io/requests/read.ts';
import { find, ROUTES } from '../../daemon/io/requests/routes.ts';
import { base64 } from './requests.ts';

function head(...rawHeaders: string[]) {
  return { headers: {}, rawHeaders };
}

/** What it gives, or the status that it refuses with. */
function outcome<T>(read: () => T): T | { readonly status: number } {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status };
  }
}

const REFUSED = { status: 400 };
const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('1e3', '-0', '٣', '1 ', '0x1', '1,1'));

describe('headers', () => {
  it('numbers are decimal integers below 2^53, spelt in one way', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 80n })), value => {
        const expected = BigInt(value) < 2n ** 53n ? Number(value) : REFUSED;
        expect(outcome(() => numberOf(head('X-Offset', String(value)), 'x-offset'))).toEqual(expected);
      }),
    );
    fc.assert(
      fc.property(anyText, text => {
        const value = outcome(() => numberOf(head('x-offset', text), 'x-offset'));
        if (typeof value === 'number') expect(String(value)).toBe(text);
        else expect(value).toEqual(REFUSED);
      }),
    );
  });

  it('stand there once or not at all', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'A', 'b', 'c'), fc.string())), pairs => {
        const values = pairs.filter(([name]) => name.toLowerCase() === 'a').map(([, value]) => value);
        const expected = values.length > 1 ? REFUSED : values[0];
        expect(outcome(() => headerOf(head(...pairs.flat()), 'a'))).toEqual(expected);
      }),
    );
  });

  it('text comes back as it was, and every other base64 is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(textOf(head('x-after', base64(text)), 'x-after')).toBe(text);
      }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.base64String(),
          fc.uint8Array().map(bytes => Buffer.from(bytes).toString('base64')),
        ),
        given => {
          const text = outcome(() => textOf(head('x-after', given), 'x-after'));
          if (typeof text === 'string') expect(base64(text)).toBe(given);
          else expect(text).toEqual(REFUSED);
        },
      ),
    );
  });

  it('paths are names below a root, or refused', () => {
    const name = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'C:x', 'a\\b', 'a\0', 'ß'), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), names => {
        const given = head('x-path-base64', base64(names.join('/')));
        const components = names.join('/').split('/');
        const expected = isSafe(components) ? components : REFUSED;
        expect(outcome(() => pathOf(given))).toEqual(expected);
        expect(outcome(() => folderOf(given))).toEqual(names.join('') === '' && names.length < 2 ? [] : expected);
      }),
    );
  });

  it('a SHA-1 is 40 digits of hex', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), bytes => {
        expect(sha1Of(head('d', Buffer.from(bytes).toString('hex')), 'd')).toEqual(Buffer.from(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ minLength: 39, maxLength: 41 })), text => {
        if (/^[\da-f]{40}$/i.test(text)) return;
        expect(outcome(() => sha1Of(head('d', text), 'd'))).toEqual(REFUSED);
      }),
    );
  });

  it('a part of a file lies within it, whatever was asked for', () => {
    const number = fc.oneof(fc.nat(30).map(String), fc.maxSafeNat().map(String), anyText);
    const range = fc.oneof(
      anyText,
      fc.tuple(number, number).map(([from, to]) => `bytes=${from}-${to}`),
    );
    const given = fc.record({ range, 'x-offset': number, 'x-length': number }, { requiredKeys: [] });
    fc.assert(
      fc.property(given, fc.oneof(fc.nat(30), fc.maxSafeNat()), (headers, size) => {
        const asked = outcome(() => askedOf(head(...Object.entries(headers).flat()))(size));
        if ('range' in asked) {
          const { from, to } = asked.range;
          expect(Number.isSafeInteger(from) && Number.isSafeInteger(to)).toBe(true);
          expect(from >= 0 && from <= to && to <= size).toBe(true);
          if (asked.status === 206) expect(asked.headers['content-range']).toBe(`bytes ${from}-${to - 1}/${size}`);
        } else expect([400, 416]).toContain(asked.status);
      }),
    );
    fc.assert(
      fc.property(range, fc.nat(30), (header, size) => {
        const found = readRange(header, size);
        if (typeof found !== 'string') expect(found.from >= 0 && found.from < found.to && found.to <= size).toBe(true);
      }),
    );
  });

  it('a path of a request leads to one route with one last part, or nowhere', () => {
    const paths = ROUTES.map(({ path }) => path);
    fc.assert(
      fc.property(fc.constantFrom(...paths, ''), anyText, (path, rest) => {
        const found = find(`${path}${rest}`);
        if (found === null) return;
        expect(`${found.route.path}${found.tail}`).toBe(`${path}${rest}`);
        expect(found.tail).not.toMatch(/[/?#]/);
        expect(found.tail === '').toBe(!found.route.path.endsWith('/'));
      }),
    );
  });
});
