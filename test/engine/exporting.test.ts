import { expect, it } from 'vitest';
import { Exporting, type ExportedViews } from '../../sw/engine/exporting.ts';
import { Registry } from '../../sw/engine/registry.ts';
import type { Torrent } from '../../sw/engine/torrent.ts';

const [A, B, C] = ['a', 'b', 'c'].map(letter => letter.repeat(40)) as [string, string, string];

/** Torrents of that much metadata, private or not. */
function exporting(torrents: readonly (readonly [id: string, bytes: number, isPrivate: boolean])[]): Exporting {
  const registry = new Registry<Torrent>();
  for (const [id, bytes, isPrivate] of torrents) {
    const substance = {
      meta: { info: new Uint8Array(bytes) },
      pieceHashes: { layers: new Map() },
      where: { naming: { folder: '', renames: new Map() } },
      priorities: new Uint8Array(0),
    };
    const known = { isKnown: true, isPrivate, started: true, leaving: null, substance };
    const [announcer, webSeeds, hashes] = [{ urls: [] }, { urls: () => [] }, { v1Hash: id, v2Hash: null }];
    registry.add({ id, name: id, hashes, announcer, webSeeds, ...known } as unknown as Torrent);
  }
  const read = (): never => {
    throw new Error('It was read');
  };
  return new Exporting(registry, read);
}

function ask(from: Exporting, ids: readonly string[], withFiles: boolean): string {
  let answer: ExportedViews | null = null;
  from.take(ids, withFiles, given => (answer = given as ExportedViews));
  const { torrents, looked } = answer as unknown as ExportedViews;
  const files = torrents.map(({ id, torrent }) => `${id[0]}${torrent === null ? '' : '+'}`);
  return `${files.join(' ')} of ${looked.length}`;
}

it('an answer ends after a mebibyte of .torrent files, and holds one at least', () => {
  const from = exporting([
    [A, 600 << 10, false],
    [B, 5 << 20, true],
    [C, 10, false],
  ]);
  expect(ask(from, [A, B, C], true)).toBe('a+ b+ of 2');
  expect(ask(from, [B, C], true)).toBe('b+ of 1');
  expect(ask(from, [A, C, B], false)).toBe('a c b+ of 3');
});

it('a .torrent file that nobody would take is left out', () => {
  expect(ask(exporting([[A, 10_000_000, true]]), [A], true)).toBe('a of 1');
});
