/**
 * Sizes and rates as the app writes them: powers of 1000, and of 1024 for the length of a piece, which is one. A test compares the
 * two; the app's own are made for its windows, and nothing outside depends on how those look.
 */

const LOCALE = 'en';
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0, useGrouping: false });
const oneDigit = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const threeFigures = new Intl.NumberFormat(LOCALE, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** 412 B, 1.7 kB, 5.82 GB. */
export function formatSize(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000;
  const number = unit === 0 ? whole : unit === 1 && value < 99.95 ? oneDigit : threeFigures;
  return `${number.format(value)} ${UNITS[unit]}`;
}

/** Bytes a second: 40 kB/s, 92.1 MB/s. */
export function formatRate(rate: number): string {
  if (rate < 1000) return `${whole.format(Math.max(0, rate))} B/s`;
  if (rate < 99_500) return `${whole.format(rate / 1000)} kB/s`;
  if (rate < 999_950_000) return `${oneDigit.format(rate / 1e6)} MB/s`;
  return `${twoDigits.format(rate / 1e9)} GB/s`;
}

/** 16 KiB, 1 MiB. */
export function formatPieceLength(bytes: number): string {
  return bytes >= 1 << 20 ? `${whole.format(bytes / (1 << 20))} MiB` : `${whole.format(bytes / 1024)} KiB`;
}
