import { describe, expect, it } from 'vitest';
import {
  formatAbout,
  formatBytes,
  formatDuration,
  formatMoment,
  formatPercent,
  formatPieceLength,
  formatRate,
  fraction,
} from '../../web/format.ts';
import * as terminal from '../../daemon/cli/sizes.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1700, '1.7 kB'],
    [99_960, '100 kB'],
    [691e6, '691 MB'],
    [999.6e6, '1.00 GB'],
    [5.82e9, '5.82 GB'],
    [23e9, '23.0 GB'],
    [184e9, '184 GB'],
    [Number.MAX_SAFE_INTEGER, '9.01 PB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(plain(formatBytes(bytes))).toBe(text);
  });

  it.each([
    [68e9, '68 GB'],
    [1.2e9, '1.2 GB'],
    [9.31e9, '9.31 GB'],
    [412e9, '412 GB'],
    [100e9, '100 GB'],
    [10, '10 B'],
  ])('writes %d in a sentence as %s', (bytes, text) => {
    expect(plain(formatAbout(bytes))).toBe(text);
  });

  it('writes piece lengths as the powers of two that they are', () => {
    expect(plain(formatPieceLength(16384))).toBe('16 KiB');
    expect(plain(formatPieceLength(1 << 20))).toBe('1 MiB');
  });
});

it.each([
  [0, '0 B/s'],
  [40_400, '40 kB/s'],
  [400_000, '0.4 MB/s'],
  [92.1e6, '92.1 MB/s'],
  [118.4e6, '118.4 MB/s'],
  [1.25e9, '1.25 GB/s'],
])('writes a rate of %d as %s', (rate, text) => {
  expect(plain(formatRate(rate))).toBe(text);
});

it.each([
  [-1, ''],
  [Infinity, ''],
  [18, '18 s'],
  [59.6, '1 min'],
  [720, '12 min'],
  [3599, '1 h'],
  [5640, '1 h 34 min'],
  [273_600, '3 d 4 h'],
  [1e12, 'over 1000 d'],
])('writes %d seconds as “%s”', (seconds, text) => {
  expect(plain(formatDuration(seconds))).toBe(text);
});

it('calls nothing complete before it is', () => {
  expect(plain(formatPercent(fraction(999_999, 1_000_000)))).toBe('99 %');
  expect(plain(formatPercent(fraction(1_000_000, 1_000_000)))).toBe('100 %');
  expect(plain(formatPercent(fraction(29, 100)))).toBe('29 %');
  expect(fraction(5, 0)).toBe(0);
  expect(fraction(7, 5)).toBe(1);
});

it('names today and yesterday', () => {
  const now = new Date(2026, 10, 20, 15, 0).getTime();
  expect(plain(formatMoment(new Date(2026, 10, 20, 14, 2).getTime(), now))).toBe('today 2:02 PM');
  expect(plain(formatMoment(new Date(2026, 10, 19, 9, 10).getTime(), now))).toBe('yesterday 9:10 AM');
  expect(plain(formatMoment(new Date(2026, 10, 2, 14, 2).getTime(), now))).toBe('Nov 2, 2026, 2:02 PM');
});

it('writes sizes in the terminal as in the app', () => {
  for (let exponent = 0; exponent < 17; exponent += 0.01) {
    const number = Math.round(10 ** exponent);
    expect(terminal.formatSize(number)).toBe(plain(formatBytes(number)));
    expect(terminal.formatRate(number)).toBe(plain(formatRate(number)));
  }
  for (let length = 16 << 10; length <= 256 << 20; length *= 2) {
    expect(terminal.formatPieceLength(length)).toBe(plain(formatPieceLength(length)));
  }
});
