/** What storage does to the store, and what the store leaves on it. */
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_LOOSE } from '../../../sw/adapters/local/catalogue.ts';
import { commit, open, park, pattern, read, readFile, remove, sha1, sync, verify } from './asking.ts';
import { Lives, ROOT } from './lives.ts';

let lives: Lives;

afterEach(async () => {
  await lives.store.close();
  lives.end();
});

/** Segments, by their paths. */
const segments = (): string[] => [...lives.disk.files()].filter(([, bytes]) => bytes.length > 0).map(([path]) => path);

let buffer = 0;
async function write(file: number, offset: number, bytes: Uint8Array): Promise<string> {
  const { store } = lives;
  buffer += 1;
  store.begin(buffer, bytes.length, Uint8Array.of(1), [{ file, offset, length: bytes.length }], []);
  store.land(buffer, 0, bytes);
  const { status, problem } = await commit(store, buffer, [sha1(bytes)]);
  store.drop(buffer);
  return problem ?? status;
}

describe('a full storage', () => {
  it('is told, leaves nothing half-written, and the piece is written once there is room', async () => {
    lives = await Lives.begin();
    const bytes = pattern(50_000, 1);
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), [{ file: 1, offset: 0, length: bytes.length }], []);
    lives.store.land(1, 0, bytes);
    lives.disk.quota = 10_000;
    expect(await commit(lives.store, 1, [sha1(bytes)])).toMatchObject({ status: 'error', problem: 'full' });
    expect(lives.disk.files()).toEqual(new Map());
    expect(await readFile(lives.store, ['a'])).toHaveLength(0);
    lives.disk.quota = Infinity;
    expect((await commit(lives.store, 1, [sha1(bytes)])).status).toBe('ok');
    expect(await readFile(lives.store, ['a'])).toEqual(bytes);
  });

  it('is told as such where the browser says no more than that it broke off, and as a failure where there is room', async () => {
    lives = await Lives.begin();
    const bytes = pattern(50_000, 3);
    await open(lives.store, 1, ['a']);
    lives.disk.problem = 'AbortError';
    lives.disk.quota = bytes.length;
    expect(await write(1, 0, bytes)).toBe('io');
    lives.disk.quota = bytes.length - 1;
    expect(await write(1, 0, bytes)).toBe('full');
  });

  it('keeps of a piece that is laid aside what it took, and says so', async () => {
    lives = await Lives.begin();
    const bytes = pattern(50_000, 2);
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), [{ file: 1, offset: 0, length: bytes.length }], []);
    lives.store.land(1, 0, bytes.subarray(0, 20_000));
    expect(await park(lives.store, 1)).toEqual([{ offset: 0, length: 20_000 }]);
    lives.disk.quota = lives.disk.used;
    lives.store.land(1, 20_000, bytes.subarray(20_000, 30_000));
    expect(await park(lives.store, 1)).toEqual([{ offset: 0, length: 20_000 }]);
    expect(await commit(lives.store, 1, [sha1(bytes)])).toMatchObject({ status: 'error', problem: 'full' });
    lives.disk.quota = Infinity;
    const done = commit(lives.store, 1, [sha1(bytes)]);
    lives.store.land(1, 20_000, bytes.subarray(20_000));
    expect((await done).status).toBe('ok');
  });

  it.each([
    ['NotAllowedError', 'denied'],
    ['InvalidStateError', 'io'],
  ])('that fails with %s is told as %s', async (name, problem) => {
    lives = await Lives.begin();
    await open(lives.store, 1, ['a']);
    lives.disk.problem = name;
    expect(await write(1, 0, pattern(100, 1))).toBe(problem);
    lives.disk.problem = null;
    expect(await write(1, 0, pattern(100, 1))).toBe('ok');
  });

  it('whose records cannot be written fails the flush, and not the one after it', async () => {
    lives = await Lives.begin();
    await open(lives.store, 1, ['a']);
    const { put } = IDBObjectStore.prototype;
    await write(1, 0, pattern(100, 1));
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('', 'QuotaExceededError');
    };
    await write(1, 100, pattern(100, 2));
    expect((await sync(lives.store, [1])).problem).toBe('full');
    // What frees space is taken away all the same.
    await open(lives.store, 2, ['b']);
    lives.store.closeFile(2);
    expect(await remove(lives.store, ['b'])).toBeNull();
    IDBObjectStore.prototype.put = put;
    expect((await sync(lives.store, [1])).problem).toBeNull();
    await lives.kill();
    expect(await readFile(lives.store, ['a'])).toEqual(new Uint8Array([...pattern(100, 1), ...pattern(100, 2)]));
    expect(await readFile(lives.store, ['b'])).toBeNull();
  });
});

describe('space', () => {
  it('is free as soon as the files of a torrent are deleted, and those of others are whole', async () => {
    lives = await Lives.begin();
    const bytes = pattern(1000, 3);
    await open(lives.store, 1, ['one', 'a']);
    await open(lives.store, 2, ['one', 'b']);
    await open(lives.store, 3, ['two', 'a']);
    // All at once, so that they would share segments.
    const written = [1, 2, 3, 1, 2, 3].map((file, index) => write(file, index * 1000, bytes));
    expect(await Promise.all(written)).toEqual(Array.from({ length: 6 }, () => 'ok'));
    for (const file of [1, 2, 3]) lives.store.closeFile(file);
    const before = lives.disk.used;
    expect(await remove(lives.store, ['one', 'a'])).toBeNull();
    expect(await readFile(lives.store, ['one', 'b'])).toHaveLength(5000);
    expect(await remove(lives.store, ['one', 'b'])).toBeNull();
    expect(before - lives.disk.used).toBe(4000);
    expect((await readFile(lives.store, ['two', 'a']))?.subarray(5000)).toEqual(bytes);
    expect(await remove(lives.store, ['two', 'a'])).toBeNull();
    expect(lives.disk.files()).toEqual(new Map());
    await lives.kill();
    for (const path of [
      ['one', 'a'],
      ['one', 'b'],
      ['two', 'a'],
    ])
      expect(await readFile(lives.store, path)).toBeNull();
  });

  it('is free once all of a segment was written anew', async () => {
    lives = await Lives.begin();
    await open(lives.store, 1, ['a']);
    for (const seed of [1, 2, 3]) expect(await write(1, 0, pattern(1000, seed))).toBe('ok');
    await expect.poll(() => lives.disk.used).toBe(1000);
    await lives.kill();
    expect(await readFile(lives.store, ['a'])).toEqual(pattern(1000, 3));
  });

  it('of what an ended worker has left is freed by the next', async () => {
    lives = await Lives.begin();
    await open(lives.store, 1, ['a']);
    await write(1, 0, pattern(1000, 1));
    await sync(lives.store, [1]);
    const whole = segments();
    const folder = await lives.disk.root.getDirectoryHandle(whole[0]!.split('/')[0]!);
    for (const place of [
      folder,
      await lives.disk.root.getDirectoryHandle('0', { create: true }),
      await lives.disk.root.getDirectoryHandle('zz', { create: true }),
    ]) {
      const writable = await (await place.getFileHandle('1', { create: true })).createWritable();
      await writable.write(Uint8Array.from(pattern(500, 9)));
      await writable.close();
    }
    await lives.kill();
    expect(await readFile(lives.store, ['a'])).toEqual(pattern(1000, 1));
    await expect.poll(segments).toEqual(whole);
  });

  it('is not taken by a piece of a file that was deleted while it was written', async () => {
    lives = await Lives.begin();
    await open(lives.store, 1, ['a']);
    await open(lives.store, 2, ['a b']);
    let goOn = (): void => undefined;
    lives.disk.beforeClose = () => new Promise(resolve => (goOn = resolve));
    const written = write(1, 0, pattern(1000, 1));
    await expect.poll(() => goOn.name).not.toBe('goOn');
    lives.store.closeFile(1);
    expect(await remove(lives.store, ['a'])).toBeNull();
    goOn();
    expect(await written).toBe('gone');
    await expect.poll(() => lives.disk.used).toBe(0);
  });
});

describe('what is not there any more', () => {
  async function damage(change: (path: string) => void): Promise<{ size: number; mtime: number }> {
    lives = await Lives.begin();
    await open(lives.store, 1, ['t', 'a']);
    await open(lives.store, 2, ['t', 'b']);
    for (const at of [0, 1000]) await write(1, at, pattern(1000, at));
    const [, newest] = segments();
    await write(2, 0, pattern(1000, 3));
    const { stat } = await sync(lives.store, [1, 2]);
    lives.disk = lives.disk.again();
    change(newest!);
    await lives.kill();
    return stat.get(1)!;
  }

  async function isTold(before: { size: number; mtime: number }): Promise<void> {
    await open(lives.store, 1, ['t', 'a']);
    await expect.poll(() => lives.lost).toEqual([{ root: ROOT, path: ['t', 'a'] }]);
    const after = await open(lives.store, 3, ['t', 'a']);
    expect(after.size).toBe(1000);
    expect(after.mtime).toBeGreaterThan(before.mtime);
    const spans = [0, 1000].map(offset => [{ file: 3, offset, length: 1000 }]);
    const items = spans.map((parts, index) => ({ spans: parts, digest: sha1(pattern(1000, index * 1000)) }));
    expect(await verify(lives.store, items)).toEqual([true, null]);
    expect((await read(lives.store, spans[1]!)).problem).toBe('gone');
    expect(await readFile(lives.store, ['t', 'b'])).toEqual(pattern(1000, 3));
    await sync(lives.store, []);
    await lives.kill();
    expect(await open(lives.store, 4, ['t', 'a'])).toEqual(after);
    expect(lives.lost).toHaveLength(1);
  }

  const remover = (path: string): void => {
    const [group, name] = path.split('/');
    const folder = lives.disk.root.entries.get(group!);
    if (folder && 'entries' in folder) folder.entries.delete(name!);
  };

  it('is noticed when its files are opened, told, and read by nobody', async () => {
    await isTold(await damage(remover));
  });

  it('is noticed where a power cut has left the newest shorter, or with other bytes', async () => {
    for (const change of [(bytes: Uint8Array) => bytes.subarray(1), (bytes: Uint8Array) => new Uint8Array(bytes.length)]) {
      const before = await damage(path => {
        const [group, name] = path.split('/');
        const folder = lives.disk.root.entries.get(group!);
        const file = folder && 'entries' in folder ? folder.entries.get(name!) : undefined;
        if (file && 'bytes' in file) file.bytes = Uint8Array.from(change(file.bytes));
      });
      await isTold(before);
    }
  });
});

describe('many files that are deleted', () => {
  it('leave in few transactions, and nobody who opens another waits for them', async () => {
    lives = await Lives.begin();
    const count = 300;
    for (let file = 1; file <= count; file++) await open(lives.store, file, ['t', `${file}`]);
    await Promise.all(Array.from({ length: count }, (_, index) => write(index + 1, 0, pattern(10, index))));
    for (let file = 1; file <= count; file++) lives.store.closeFile(file);
    await sync(lives.store, []);
    const { transaction } = IDBDatabase.prototype;
    let strict = 0;
    IDBDatabase.prototype.transaction = function (...args: Parameters<IDBDatabase['transaction']>) {
      if (args[2]?.durability === 'strict') strict += 1;
      return transaction.apply(this, args);
    };
    let removed = 0;
    const removals = Array.from({ length: count }, (_, index) =>
      remove(lives.store, ['t', `${index + 1}`]).then(problem => {
        expect(problem).toBeNull();
        removed += 1;
      }),
    );
    expect(await open(lives.store, count + 1, ['other'])).toMatchObject({ problem: null });
    expect(removed).toBeLessThan(count);
    await Promise.all(removals);
    IDBDatabase.prototype.transaction = transaction;
    expect(strict).toBeLessThan(10);
    expect(lives.disk.files()).toEqual(new Map());
    await lives.kill();
    expect(await readFile(lives.store, ['t', '7'])).toBeNull();
  });
});

describe('a database that somebody wants away', () => {
  it('is let go of, and that is told; the next store begins with nothing, and keeps nothing of what was there', async () => {
    lives = await Lives.begin();
    await lives.kill();
    await open(lives.store, 1, ['a']);
    expect(await write(1, 0, pattern(100, 1))).toBe('ok');
    const request = indexedDB.deleteDatabase(lives.database);
    await new Promise((resolve, reject) => {
      request.addEventListener('success', resolve);
      request.addEventListener('blocked', () => reject(new Error('it was held on to')));
    });
    expect(lives.gone).toBe(1);
    expect((await sync(lives.store, [])).problem).toBe('io');
    await lives.kill();
    expect(await readFile(lives.store, ['a'])).toBeNull();
    await expect.poll(() => lives.disk.files()).toEqual(new Map());
    await open(lives.store, 1, ['a']);
    expect(await write(1, 0, pattern(100, 2))).toBe('ok');
    expect(await readFile(lives.store, ['a'])).toEqual(pattern(100, 2));
  });
});

describe('the records of many segments', () => {
  it('become one, and say the same', async () => {
    lives = new Lives();
    lives.pace = 0;
    await lives.open();
    await open(lives.store, 1, ['t', 'a']);
    const bytes = pattern((MAX_LOOSE + 20) * 100, 1);
    for (let at = bytes.length - 100; at >= 0; at -= 100) expect(await write(1, at, bytes.subarray(at, at + 100))).toBe('ok');
    // Over the border of two of them.
    const last = pattern(100, 77);
    await write(1, 150, last);
    bytes.set(last, 150);
    const { stat } = await sync(lives.store, [1]);
    await lives.kill();
    expect(await open(lives.store, 2, ['t', 'a'])).toMatchObject(stat.get(1)!);
    expect(await readFile(lives.store, ['t', 'a'])).toEqual(bytes);
    expect(lives.lost).toEqual([]);
  });

  it('go with a file to another name, whose torrent has others', async () => {
    lives = await Lives.begin();
    await open(lives.store, 1, ['one', 'a']);
    await open(lives.store, 2, ['two', 'b']);
    await write(1, 0, pattern(500, 1));
    await write(2, 0, pattern(500, 2));
    for (const file of [1, 2]) lives.store.closeFile(file);
    const before = segments();
    const move = { from: { root: ROOT, path: ['one', 'a'] }, to: { root: ROOT, path: ['two', 'a'] } };
    await new Promise<void>(resolve => lives.store.moveFile(move.from, move.to, 500, () => resolve()));
    expect(segments()).toEqual(before);
    await lives.kill();
    expect(await readFile(lives.store, ['one', 'a'])).toBeNull();
    expect(await readFile(lives.store, ['two', 'a'])).toEqual(pattern(500, 1));
    expect(await readFile(lives.store, ['two', 'b'])).toEqual(pattern(500, 2));
    await open(lives.store, 3, ['two', 'c']);
    await write(3, 0, pattern(500, 3));
    for (const name of ['a', 'b', 'c']) {
      lives.store.closeFile(3);
      expect(await remove(lives.store, ['two', name])).toBeNull();
    }
    expect(lives.disk.files()).toEqual(new Map());
  });
});
