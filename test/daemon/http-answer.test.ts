import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRange, parseContentRange, retryAfter } from '../../daemon/wire/http-answer.ts';

const headers = (value: string) => ({ statusCode: 503, headers: { 'retry-after': value } });

describe('the headers of an answer', () => {
  it('name a range that is read back, whatever it is', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 50), fc.nat(2 ** 40), fc.nat(2 ** 40), (first, more, rest) => {
        const range = { first, last: first + more, total: first + more + 1 + rest };
        expect(parseContentRange(`bytes ${range.first}-${range.last}/${range.total}`)).toEqual(range);
        expect(parseContentRange(` Bytes ${range.first}-${range.last}/* `)).toEqual({ ...range, total: null });
        expect(parseContentRange(`bytes ${range.first}-${range.total}/${range.total}`)).toBeNull();
      }),
    );
  });

  it('are no range for anything else', () => {
    for (const text of [
      '',
      'bytes */5',
      'bytes 5-4/9',
      'bytes 0-1',
      'items 0-1/2',
      'bytes 0-1/2, 3-4/9',
      'bytes -1/2',
      'bytes 0-9/9',
    ])
      expect(parseContentRange(text), text).toBeNull();
    fc.assert(fc.property(fc.string(), text => void parseContentRange(text)));
  });

  it('let pass the range that was asked for alone', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), fc.nat(50), (from, more, first, last) => {
        const answer = { statusCode: 206, headers: { 'content-range': `bytes ${first}-${last}/200` } };
        const isIt = first === from && last === from + more;
        expect(isRange(from, more + 1, 200)(answer) === null).toBe(isIt);
      }),
    );
  });

  it('tell when to ask again: in seconds, at a time, or in the body of a 503', () => {
    const wall = Date.parse('Sat, 21 Nov 2026 07:00:00 GMT');
    expect(retryAfter(headers('90'), '', wall)).toBe(90);
    expect(retryAfter(headers('Sat, 21 Nov 2026 07:02:00 GMT'), '', wall)).toBe(120);
    expect(retryAfter(headers('Sat, 21 Nov 2026 06:00:00 GMT'), '', wall)).toBe(0);
    expect(retryAfter(headers('99999999999999999999'), '', wall)).toBe(7 * 86_400);
    expect(retryAfter(headers(''), ' 45\n', wall)).toBe(45);
    expect(retryAfter({ statusCode: 404, headers: {} }, '45', wall)).toBeNull();
    expect(retryAfter(headers('soon'), '45', wall)).toBeNull();
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, body) => {
        const wait = retryAfter(headers(value), body, wall);
        expect(wait === null || (wait >= 0 && wait <= 7 * 86_400)).toBe(true);
      }),
    );
  });
});
