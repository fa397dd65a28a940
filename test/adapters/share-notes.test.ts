import { expect, test } from 'vitest';
import { createTorrent, parseTorrent, placeFiles } from '../../sw/engine/index.ts';
import { ShareNotes } from '../../sw/share-notes.ts';

function torrentOf(name: string): { readonly id: string; readonly bytes: Uint8Array } {
  const about = { kind: 'v1', name, pieceLength: 16_384, trackers: [], webSeeds: [], httpSeeds: [], isPrivate: false } as const;
  const files = placeFiles([{ path: [], length: 5 }], 'v1', 16_384);
  const made = { ...about, comment: '', createdBy: '', createdAt: null };
  const bytes = createTorrent(made, files, { pieces: new Uint8Array(20), trees: [] });
  return { id: parseTorrent(bytes).v1Hash!, bytes };
}

test('what a worker left that ended as it listed a share comes into the list, if its files are there and nobody else’s', async () => {
  const kept = new Map<string, Uint8Array>();
  const state = {
    write: (writes: readonly { key: string; value: Uint8Array | null }[], done: (problem: string) => void) => {
      for (const { key, value } of writes) value ? kept.set(key, value) : kept.delete(key);
      done('');
    },
  };
  const notes = new ShareNotes(() => state);
  const names = ['left', 'not placed', 'listed', 'of another'];
  const shares = names.map(torrentOf);
  for (const { id, bytes } of shares) await notes.put(id, bytes);
  kept.set('share/' + 'f'.repeat(40), Uint8Array.of(1, 2, 3));
  kept.set('t/x/torrent', Uint8Array.of(1));
  const done: string[] = [];
  const engine = {
    has: (id: string) => id === shares[2]!.id,
    add: ({ bytes }: { bytes: Uint8Array }) => done.push(`add ${parseTorrent(bytes).name}`),
    start: (id: string, _priorities: null, root: string) =>
      done.push(`start ${names[shares.findIndex(each => each.id === id)]} in ${root}`),
    roots: { owns: (_root: string, top: string) => top === 'of another' },
  };
  const records = [...kept].map(([key, value]) => ({ key, value }));
  notes.settle(records, engine as never, top => top !== 'not placed');
  expect(done).toEqual(['add left', 'start left in browser']);
  expect([...kept.keys()]).toEqual(['t/x/torrent']);
});
