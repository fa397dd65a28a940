/** What to call a browser, by what it says of itself: "Firefox on Linux". Empty where it says nothing that is known. */

/** In this order: each later one is named by those before it as well. */
const BROWSERS: readonly (readonly [mark: string, name: string])[] = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
];
const SYSTEMS: readonly (readonly [mark: string, name: string])[] = [
  ['Android', 'Android'],
  ['CrOS', 'ChromeOS'],
  ['Windows', 'Windows'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
];

export function browserName(userAgent: string): string {
  const find = (known: typeof BROWSERS): string => known.find(([mark]) => userAgent.includes(mark))?.[1] ?? '';
  const browser = find(BROWSERS);
  const system = find(SYSTEMS);
  return browser === '' || system === '' ? browser : `${browser} on ${system}`;
}
