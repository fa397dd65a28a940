import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areDistinct } from '../../sw/engine/codec/paths.ts';
import { Layout } from '../../sw/engine/model/layout.ts';
import { DEFAULT_OPTIONS } from '../../sw/engine/options.ts';
import { decodeTorrentRecord, encodeTorrentRecord, type TorrentRecord } from '../../sw/engine/resume.ts';
import { MAX_RENAMES, MAX_STRAYS, Whereabouts } from '../../sw/engine/whereabouts.ts';
import type { Naming, Strays } from '../../sw/engine/whereabouts.ts';

const ID = 'ab'.repeat(20);
const layoutOf = (...paths: string[]) =>
  new Layout(
    16_384,
    paths.map(path => ({ path: path.split('/'), length: 10, pad: path.includes('.pad') })),
  );
const LAYOUT = layoutOf('top/a', 'top/.pad/6', 'top/in/b', 'top/in/deep/c', 'top/d');
const ALL = new Set([0, 2, 3, 4, 5]);

function at(layout = LAYOUT, root = 'one'): Whereabouts {
  const where = new Whereabouts(ID, () => layout);
  where.place(root);
  where.fit(layout);
  return where;
}

const pathsOf = (where: Whereabouts, layout = LAYOUT) =>
  layout.files.flatMap(({ pad }, index) => (pad ? [] : [where.wanted(index).path.join('/')]));

const name = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'in', 'deep', 'top', 'x', '..', '', 'a/b', 'CON', 'é'),
  fc.string({ maxLength: 6 }),
);
const renames = fc
  .array(fc.tuple(fc.nat(6), fc.array(name, { minLength: 1, maxLength: 3 })), { maxLength: 6 })
  .map(entries => new Map(entries));
const naming: fc.Arbitrary<Naming> = fc.record({ root: fc.constantFrom('one', 'two'), folder: name, renames });
const strays: fc.Arbitrary<Strays[]> = fc.array(
  fc.record({ naming, files: fc.uniqueArray(fc.nat(200), { maxLength: 8 }).map(files => new Set(files)) }),
  { maxLength: 4 },
);

describe('where files are to lie', () => {
  it('is always safe, and no two of them in one place, whatever a record says', () => {
    fc.assert(
      fc.property(naming, strays, (restored, left) => {
        const where = new Whereabouts(ID, () => LAYOUT);
        where.restore(restored, left);
        where.fit(LAYOUT);
        const paths = [...ALL].map(index => where.wanted(index).path);
        expect(areDistinct(paths)).toBe(true);
        for (const path of [...paths, ...[...where.pending()].map(index => where.of(index).path)]) {
          for (const part of path) expect(part).toMatch(/^(?!\.{1,2}$)[^/\\\0]+$/);
        }
      }),
    );
  });

  it('is as the last wish had it that was not refused, and each file where it was until it arrived', () => {
    const wish = fc.oneof(
      fc.record({ root: fc.constantFrom('one', 'two', 'three') }),
      fc.record({ file: fc.constantFrom(...ALL), depth: fc.nat(3), to: name }),
      fc.record({ arrives: fc.constantFrom(...ALL) }),
    );
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 12 }), wishes => {
        const where = at();
        const really = new Map([...ALL].map(index => [index, JSON.stringify(where.of(index))]));
        for (const next of wishes) {
          if ('arrives' in next) {
            where.arrived(next.arrives);
            really.set(next.arrives, JSON.stringify(where.wanted(next.arrives)));
          } else {
            try {
              const path = 'root' in next ? [] : where.wanted(next.file).path.slice(0, next.depth + 1);
              where.wish('root' in next ? { ...where.naming, ...next } : where.renamed(path, next.to), ALL);
            } catch (error) {
              expect(error).toHaveProperty('code');
            }
          }
          for (const index of ALL) expect(JSON.stringify(where.of(index))).toBe(really.get(index));
          const elsewhere = [...ALL].filter(index => JSON.stringify(where.of(index)) !== JSON.stringify(where.wanted(index)));
          expect([...where.pending()].sort()).toEqual(elsewhere);
          expect(areDistinct([...ALL].map(index => where.wanted(index).path))).toBe(true);
        }
      }),
    );
  });

  it('goes by the torrent’s own names again once these are given back', () => {
    const where = at();
    const own = pathsOf(where);
    where.wish(where.renamed(['top', 'in'], 'IN'), ALL);
    where.wish(where.renamed(['top'], 'other'), ALL);
    expect(pathsOf(where)).toEqual(['other/a', 'other/IN/b', 'other/IN/deep/c', 'other/d']);
    expect(where.wanted(5).path).toEqual([`.starling-${ID}.parts`]);
    const { fingerprint } = where;
    where.wish(where.renamed(['other'], 'top'), ALL);
    where.wish(where.renamed(['top', 'IN'], 'in'), ALL);
    expect(pathsOf(where)).toEqual(own);
    expect(where.naming).toMatchObject({ folder: '', renames: new Map() });
    expect(where.isPending).toBe(false);
    expect(where.fingerprint).not.toBe(fingerprint);
  });

  it('leaves what was never there', () => {
    const where = at();
    where.wish({ ...where.naming, root: 'two' }, new Set([2]));
    expect([...where.pending()]).toEqual([2]);
    expect(where.of(0).root).toBe('two');
  });
});

describe('limits', () => {
  it(`are ${MAX_RENAMES} names of files`, () => {
    const layout = layoutOf(...Array.from({ length: MAX_RENAMES + 1 }, (_, index) => `top/in/${index}`));
    const where = at(layout);
    expect(() => where.renamed(['top', 'in'], 'other')).toThrow(/At most/);
    expect(() => where.renamed(['top'], 'other')).not.toThrow();
  });

  it(`are ${MAX_STRAYS} places that files are left behind in`, () => {
    const layout = layoutOf(...Array.from({ length: MAX_STRAYS + 2 }, (_, index) => `top/${index}`));
    const where = at(layout);
    const wish = (turn: number) => () => where.wish({ ...where.naming, root: `${turn}` }, new Set([turn]));
    for (let turn = 0; turn < MAX_STRAYS; turn++) wish(turn)();
    expect(wish(MAX_STRAYS)).toThrow(/too many places/);
    expect(where.strays).toHaveLength(MAX_STRAYS);
  });
});

describe('what is called so at the top of a root', () => {
  const SINGLE = layoutOf('Film.torrent');

  it('is of the torrent where it is or is to be, as any disk has names', () => {
    const where = at(SINGLE);
    expect(where.owns('one', 'Film.torrent')).toBe(true);
    expect(where.owns('one', 'film.TORRENT')).toBe(true);
    expect(where.owns('two', 'Film.torrent')).toBe(false);
    expect(where.owns('one', 'film')).toBe(false);
    expect(at().owns('one', 'top')).toBe(true);
    expect(at().owns('one', 'a')).toBe(false);
    expect(new Whereabouts(ID, () => null).owns('one', 'Film.torrent')).toBe(false);
  });

  it('is of it in any root before it has one, and on its way in either place', () => {
    expect(new Whereabouts(ID, () => SINGLE).owns('one', 'Film.torrent')).toBe(true);
    const where = at(SINGLE);
    where.wish({ root: 'two', folder: '', renames: new Map([[0, ['other.torrent']]]) }, new Set([0]));
    expect([where.owns('one', 'Film.torrent'), where.owns('two', 'other.torrent')]).toEqual([true, true]);
    expect([where.owns('two', 'Film.torrent'), where.owns('one', 'other.torrent')]).toEqual([false, false]);
    where.arrived(0);
    expect(where.owns('one', 'Film.torrent')).toBe(false);
  });
});

describe('the record of a torrent', () => {
  const record: TorrentRecord = {
    hashes: { v1Hash: '11'.repeat(20), v2Hash: null },
    name: 'n',
    trackers: [],
    peers: [],
    webSeeds: [],
    httpSeeds: [],
    sources: [],
    comment: '',
    addedAt: 1,
    root: 'r',
    folder: '',
    renames: new Map(),
    strays: [],
    paused: false,
    isPrivate: true,
    priorities: new Uint8Array(0),
    selectOnly: null,
    options: DEFAULT_OPTIONS,
    place: 0,
    stopped: null,
    seedsOn: false,
    awaited: null,
    absent: null,
    leaving: null,
  };

  it('keeps names, and files that are elsewhere', () => {
    fc.assert(
      fc.property(naming, strays, (named, left) => {
        const written = { ...record, ...named, strays: left };
        expect(decodeTorrentRecord(encodeTorrentRecord(written))).toEqual(written);
      }),
    );
  });
});
