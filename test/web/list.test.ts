import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { TorrentRow } from '../../sw/view-model.ts';
import {
  COLUMNS,
  DEFAULT_COLUMNS,
  fittingColumns,
  leastWidth,
  MAX_WIDTH,
  MIN_WIDTH,
  moveColumn,
  readColumns,
  resizeColumn,
  toggleColumn,
} from '../../web/columns.ts';
import { matches, NEWEST_FIRST, readSort, samePlace, wordsOf, type Sort } from '../../web/list.ts';
import { keepPinned, Ordered } from '../../web/ordered.ts';
import { MAX_VIEWS, MAX_VIEW_NAME, readViews, renameView, saveView, deleteView, views } from '../../web/saved-views.ts';
import { Tally } from '../../web/tally.ts';
import { row } from '../fakes/mock-torrents.ts';

const NOWHERE = (): string => '';
const everything = (): boolean => true;

/** Torrents by number, of few different values, so that many are equal. */
const torrent = fc
  .record({
    number: fc.integer({ min: 0, max: 40 }),
    name: fc.constantFrom('a', 'b', 'B', 'a10', 'a9', 'ä'),
    down: fc.constantFrom(0, 1, 2),
    state: fc.constantFrom('downloading' as const, 'seeding' as const, 'paused' as const, 'adding' as const, 'error' as const),
    done: fc.constantFrom(0, 1e9),
    labels: fc.subarray(['x', 'y']),
  })
  .map(({ number, labels, ...part }) => row(number, { ...part, options: { ...row(0, {}).options, labels } }));
const changes = fc.array(fc.array(fc.tuple(torrent, fc.boolean()), { maxLength: 12 }), { maxLength: 8 });
const sorts = fc.record({ by: fc.constantFrom(...COLUMNS.map(({ id }) => id)), descending: fc.boolean() });

/** Applies changes to a plain map, and tells what a store would of each. */
function apply(rows: Map<string, TorrentRow>, step: readonly (readonly [TorrentRow, boolean])[]) {
  return step.map(([after, isGone]) => {
    const before = rows.get(after.id) ?? null;
    if (isGone) rows.delete(after.id);
    else rows.set(after.id, after);
    return { id: after.id, before, after: isGone ? null : after };
  });
}

describe('the order of the list', () => {
  it('is after any changes what sorting all of it anew gives', () => {
    fc.assert(
      fc.property(changes, sorts, (steps, sort: Sort) => {
        const rows = new Map<string, TorrentRow>();
        const kept = new Ordered();
        kept.sort([], sort, NOWHERE);
        for (const step of steps) {
          const changed = new Map<string, TorrentRow | null>();
          for (const { id, before, after } of apply(rows, step)) {
            // As in the store: what stays where it is, is told to nobody.
            if (before === null || after === null || !samePlace(before, after, sort)) changed.set(id, after);
          }
          kept.update(changed);
        }
        const anew = new Ordered();
        anew.sort(rows.values(), sort, NOWHERE);
        expect(kept.ids(everything)).toEqual(anew.ids(everything));
      }),
    );
  });

  it('flows around what is pinned', () => {
    const pinned = new Set(['c', 'gone']);
    expect(keepPinned(['a', 'b', 'c', 'd'], ['c', 'd', 'b', 'a'], pinned)).toEqual(['d', 'b', 'c', 'a']);
    // One that came at the top, and others that left.
    expect(keepPinned(['a', 'b', 'c', 'd'], ['new', 'a', 'b', 'c', 'd'], pinned)).toEqual(['new', 'a', 'b', 'c', 'd']);
    expect(keepPinned(['a', 'b', 'c', 'd'], ['c', 'new', 'd', 'b', 'a'], pinned)).toEqual(['d', 'b', 'c', 'new', 'a']);
    // What leaves above several takes none of them past another.
    expect(keepPinned(['a', 'b', 'c', 'd'], ['b', 'c', 'd'], new Set(['c', 'd']))).toEqual(['b', 'c', 'd']);
    expect(keepPinned(['a', 'b', 'c', 'd'], ['c', 'a'], pinned)).toEqual(['a', 'c']);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20)), fc.uniqueArray(fc.nat(20)), fc.array(fc.nat(20)), (a, b, pins) => {
        const [before, after, still] = [a.map(String), b.map(String), new Set(pins.map(String))];
        const order = keepPinned(before, after, still);
        expect([...order].sort()).toEqual([...after].sort());
        const stayed = before.filter(id => after.includes(id));
        const among = order.filter(id => before.includes(id));
        stayed.forEach((id, at) => {
          if (still.has(id)) expect(among[at]).toBe(id);
        });
        const flows = (id: string): boolean => before.includes(id) && !still.has(id);
        expect(order.filter(flows)).toEqual(after.filter(flows));
      }),
    );
  });

  it('is searched by words, wherever they stand', () => {
    const found = (search: string): boolean => matches(row(0, { name: 'Open Film, part 2' }), 'all', null, wordsOf(search));
    expect(['', ' film  OPEN ', 'part 2', 'film,'].map(found)).toEqual([true, true, true, true]);
    expect(found('open movie')).toBe(false);
  });
});

describe('the sums', () => {
  it('are after any changes what counting all of it anew gives', () => {
    fc.assert(
      fc.property(changes, steps => {
        const rows = new Map<string, TorrentRow>();
        const kept = new Tally();
        for (const step of steps) for (const { before, after } of apply(rows, step)) kept.change(before, after);
        const anew = new Tally();
        for (const each of rows.values()) anew.change(null, each);
        expect(kept.counts).toEqual(anew.counts);
        expect([kept.down, kept.up, kept.here]).toEqual([anew.down, anew.up, anew.here]);
        expect(new Map([...kept.labels].sort())).toEqual(new Map([...anew.labels].sort()));
      }),
    );
  });

  it('lose nothing to a number that is none', () => {
    const tally = new Tally();
    const [broken, fine] = [row(1, { down: NaN, up: Infinity }), row(2, { down: 5, up: 6 })];
    tally.change(null, broken);
    tally.change(null, fine);
    tally.change(broken, null);
    expect([tally.down, tally.up]).toEqual([5, 6]);
  });
});

describe('the columns', () => {
  it('are shown, hidden, moved and resized, and the name is always there', () => {
    const more = toggleColumn(DEFAULT_COLUMNS, 'ratio');
    expect(more.at(-1)).toEqual({ id: 'ratio', width: null });
    expect(toggleColumn(more, 'ratio')).toEqual(DEFAULT_COLUMNS);
    expect(toggleColumn(more, 'name')).toBe(more);
    expect(moveColumn(more, 'ratio', 1).map(({ id }) => id)).toEqual([
      'name',
      'ratio',
      ...DEFAULT_COLUMNS.slice(1).map(({ id }) => id),
    ]);
    expect(moveColumn(more, 'name', 99).at(-1)?.id).toBe('name');
    expect([-5, 200, 1e9].map(width => resizeColumn(more, 'size', width)[1]?.width)).toEqual([MIN_WIDTH, 200, MAX_WIDTH]);
  });

  it('give way where it is narrow, unless somebody chose them', () => {
    const room = leastWidth(DEFAULT_COLUMNS);
    expect(fittingColumns(DEFAULT_COLUMNS, room)).toBe(DEFAULT_COLUMNS);
    expect(fittingColumns(DEFAULT_COLUMNS, room - 1).map(({ id }) => id)).not.toContain('peers');
    expect(fittingColumns(DEFAULT_COLUMNS, 0).map(({ id }) => id)).toEqual(['name', 'progress', 'status']);
    const chosen = toggleColumn(DEFAULT_COLUMNS, 'ratio');
    expect(fittingColumns(chosen, 0)).toBe(chosen);
  });

  it('are read back as they were kept, and nothing else is', () => {
    const chosen = resizeColumn(toggleColumn(DEFAULT_COLUMNS, 'ratio'), 'ratio', 77);
    expect(readColumns(JSON.parse(JSON.stringify(chosen)))).toEqual(chosen);
    for (const wrong of [
      null,
      {},
      [],
      [{ id: 'size', width: null }],
      [{ id: 'name', width: 1 }],
      [{ id: 'name', width: '99' }],
      [
        { id: 'name', width: null },
        { id: 'name', width: null },
      ],
      [{ id: 'constructor', width: null }],
      Array.from({ length: 99 }, () => ({ id: 'name', width: null })),
    ]) {
      expect(readColumns(wrong)).toBeNull();
    }
    expect(readSort({ by: 'ratio', descending: true })).toEqual({ by: 'ratio', descending: true });
    expect([{ by: 'x', descending: true }, { by: 'name' }, 3, null].map(readSort)).toEqual([null, null, null, null]);
  });
});

describe('saved views', () => {
  it('are so many, under names of their own, renamed and deleted', () => {
    expect(saveView('  ')).toBe('A view needs a name.');
    expect(saveView('x'.repeat(MAX_VIEW_NAME + 1))).toContain('at most');
    for (let number = 0; number < MAX_VIEWS; number++) expect(saveView(`view ${number}`)).toBe('');
    expect(views.value.map(({ name }) => name).slice(0, 3)).toEqual(['view 0', 'view 1', 'view 2']);
    expect(saveView('one more')).toContain('the most there can be');
    const [first] = views.value;
    expect(renameView(first!, 'view 1')).toContain('Another view has this name');
    expect(renameView(first!, 'zz')).toBe('');
    expect(views.value.at(-1)?.name).toBe('zz');
    deleteView(views.value.at(-1)!);
    expect(views.value).toHaveLength(MAX_VIEWS - 1);
    expect(readViews(JSON.parse(JSON.stringify(views.value)))).toEqual(views.value);
  });

  it('of another window are taken over before one is changed', () => {
    const kept = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    try {
      for (const view of views.value) deleteView(view);
      expect(saveView('ours')).toBe('');
      const [ours] = views.value;
      kept.set('starling.views', JSON.stringify([ours, { ...ours, name: 'theirs' }]));
      expect(saveView('theirs')).toContain('Another view has this name');
      expect(renameView(ours!, 'mine')).toBe('');
      expect(views.value.map(({ name }) => name)).toEqual(['mine', 'theirs']);
      expect(readViews(JSON.parse(kept.get('starling.views') ?? ''))).toEqual(views.value);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('are read back as far as they are views', () => {
    const good = { name: 'good', filter: 'all', label: null, search: '', sort: NEWEST_FIRST, columns: DEFAULT_COLUMNS };
    const bad = [
      null,
      7,
      {},
      { ...good, name: '' },
      { ...good, filter: 'x' },
      { ...good, search: 'x'.repeat(999) },
      { ...good, columns: [] },
    ];
    expect(readViews([...bad, good])).toEqual([good]);
    expect(readViews({ good })).toEqual([]);
    expect(readViews(Array.from({ length: 200 }, (_, at) => ({ ...good, name: `v${at}` })))).toHaveLength(MAX_VIEWS);
  });
});
