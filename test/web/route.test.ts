import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FILTERS } from '../../web/list.ts';
import { formatPlace, HOME, parsePlace, type Place } from '../../web/route.ts';
import { TABS } from '../../web/store.ts';

const ID = 'ab12'.repeat(10);

const torrents: fc.Arbitrary<Place> = fc
  .record({
    filter: fc.constantFrom(...FILTERS.map(({ id }) => id)),
    label: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })),
    torrent: fc.option(fc.constant(ID)),
    tab: fc.constantFrom(...TABS),
    film: fc.option(fc.nat(100_000)),
  })
  .map(({ torrent, tab, film, ...rest }) => ({
    page: 'torrents',
    ...rest,
    torrent,
    tab: torrent === null ? 'general' : tab,
    film: torrent === null ? null : film,
  }));

describe('addresses', () => {
  it('come back as the places that they were made of', () => {
    fc.assert(
      fc.property(torrents, place => {
        expect(parsePlace(formatPlace(place))).toEqual(place);
      }),
    );
    for (const place of [HOME, { page: 'activity' }, { page: 'settings', section: 'speed' }] as const) {
      expect(parsePlace(formatPlace(place))).toEqual(place);
    }
  });

  it.each([
    ['', '#/'],
    ['#', '#/'],
    ['#/torrents', '#/'],
    ['#/torrents/seeding?label=Own%20films', '#/torrents/seeding?label=Own+films'],
    [`#/torrents/all/${ID}`, `#/torrents/all/${ID}/general`],
    [`#/torrents/all/${ID}/files?play=3`, `#/torrents/all/${ID}/files?play=3`],
    [`#/torrents/all/${ID}/files?play=-3&label=`, `#/torrents/all/${ID}/files`],
    [`#/torrents/all?label=${'x'.repeat(65)}&play=1`, '#/'],
    ['#/settings/', '#/settings'],
  ])('are read: %s', (hash, canonical) => {
    const place = parsePlace(hash);
    expect(place && formatPlace(place)).toBe(canonical);
  });

  it.each([
    '#/nowhere',
    '#/torrents/sideways',
    `#/torrents/all/${ID.toUpperCase()}`,
    `#/torrents/all/${ID}/secrets`,
    `#/torrents/all/${ID}/files/3`,
    '#/activity/now',
    '#/settings/a/b',
    '#/settings/<img>',
    '#/__proto__',
    '#magnet=magnet:?xt=urn:btih:0',
    '#/%E0%A4%A',
  ])('lead nowhere: %s', hash => {
    expect(parsePlace(hash)).toBeNull();
  });
});
