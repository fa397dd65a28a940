import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StateStatus } from '../../daemon/wire/control.ts';
import { decodeRecord, encodeRecord, fileNameOf } from '../../daemon/host/store/state-file.ts';
import { StateStore } from '../../daemon/host/store/state.ts';
import { tempFolder } from './temp.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);
const none = (): void => undefined;

async function contentOf(store: StateStore): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (let after = ''; ;) {
    const page = await store.load(after);
    for (const { key, value } of page.records) content[key] = text(value);
    after = page.records.at(-1)?.key ?? after;
    if (page.last) return content;
  }
}

const key = fc.stringMatching(/^[A-Za-z0-9._/-]{1,128}$/);

test('a record file decodes to what was encoded, and to nothing once any bit is turned or any byte is missing', () => {
  fc.assert(
    fc.property(key, fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (name, value, at, cut) => {
      const file = Buffer.concat([...encodeRecord({ key: name, value })]);
      const decoded = decodeRecord(file);
      expect(decoded?.key).toBe(name);
      expect(Buffer.from(decoded!.value).equals(value)).toBe(true);
      const flipped = Buffer.from(file);
      flipped[(at >> 3) % file.length]! ^= 1 << (at & 7);
      expect(decodeRecord(flipped)).toBeNull();
      expect(decodeRecord(file.subarray(0, cut % file.length))).toBeNull();
      expect(decodeRecord(Buffer.concat([file, Buffer.of(0)]))).toBeNull();
    }),
  );
});

test('what was written is there for the next store, and what was deleted is not', async () => {
  const folder = tempFolder();
  const store = new StateStore(folder, none);
  const writes = [
    { key: 'torrent/A', value: bytes('upper') },
    { key: 'torrent/a', value: bytes('lower') },
    { key: 'CON', value: bytes('') },
    { key: 'gone', value: bytes('x') },
  ];
  expect(await store.write(0, writes)).toEqual({ status: StateStatus.OK, detail: '' });
  await store.write(0, [{ key: 'torrent/a', value: bytes('newer') }]);
  await store.write(0, [
    { key: 'gone', value: null },
    { key: 'never there', value: null },
  ]);
  const expected = { 'torrent/A': 'upper', 'torrent/a': 'newer', CON: '' };
  expect(await contentOf(store)).toEqual(expected);
  expect(await contentOf(new StateStore(folder, none))).toEqual(expected);
  expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);
});

test('a torn or bit-flipped file gives way to the generation before, however often it is opened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.boolean(), async (at, isCut) => {
      const folder = join(tempFolder(), 'state');
      const store = new StateStore(folder, none);
      await store.write(0, [{ key: 'k', value: bytes('first') }]);
      await store.write(0, [{ key: 'k', value: bytes('second') }]);
      const path = join(folder, fileNameOf('k'));
      if (isCut) truncateSync(path, at % statSync(path).size);
      else {
        const file = readFileSync(path);
        file[at % file.length]! ^= 1 << (at & 7);
        writeFileSync(path, file);
      }
      const complaints: string[] = [];
      expect(await contentOf(new StateStore(folder, complaint => complaints.push(complaint)))).toEqual({ k: 'first' });
      expect(complaints).toHaveLength(1);
      const again = new StateStore(folder, none);
      expect(await contentOf(again)).toEqual({ k: 'first' });
      await again.write(0, [{ key: 'k', value: bytes('third') }]);
      expect(await contentOf(new StateStore(folder, none))).toEqual({ k: 'third' });
    }),
    { numRuns: 40 },
  );
});

test('a crash between putting the old copy aside and the new one in place loses only the new one', async () => {
  const folder = tempFolder();
  await new StateStore(folder, none).write(0, [{ key: 'k', value: bytes('old') }]);
  const path = join(folder, fileNameOf('k'));
  renameSync(path, `${path}.prev`);
  writeFileSync(`${path}.0badc0de.tmp`, 'half of the new one');
  expect(await contentOf(new StateStore(folder, none))).toEqual({ k: 'old' });
});

test('a record with no whole copy is left out and told of; one under another name is not taken', async () => {
  const folder = tempFolder();
  const store = new StateStore(folder, none);
  await store.write(0, [
    { key: 'broken', value: bytes('x') },
    { key: 'fine', value: bytes('y') },
  ]);
  writeFileSync(join(folder, fileNameOf('broken')), 'STR1 and then nothing of use');
  writeFileSync(join(folder, fileNameOf('other')), readFileSync(join(folder, fileNameOf('fine'))));
  const complaints: string[] = [];
  expect(await contentOf(new StateStore(folder, complaint => complaints.push(complaint)))).toEqual({ fine: 'y' });
  expect(complaints).toHaveLength(2);
});

test('an older epoch writes nothing after a newer one was let in', async () => {
  const store = new StateStore(tempFolder(), none);
  store.fence(7);
  expect((await store.write(6, [{ key: 'k', value: bytes('old engine') }])).status).toBe(StateStatus.STALE_EPOCH);
  expect((await store.write(7, [{ key: 'k', value: bytes('new engine') }])).status).toBe(StateStatus.OK);
  expect(await contentOf(store)).toEqual({ k: 'new engine' });
});

test('a load waits for every write accepted before it', async () => {
  const store = new StateStore(tempFolder(), none);
  void store.write(1, [{ key: 'k', value: bytes('1') }]);
  void store.write(1, [{ key: 'k', value: bytes('2') }]);
  store.fence(2);
  expect(await contentOf(store)).toEqual({ k: '2' });
});

test('one record is read as the writes accepted before left it, from memory or from its file', async () => {
  const folder = tempFolder();
  const store = new StateStore(folder, none, { cachedValueBytes: 4 });
  void store.write(1, [
    { key: 'short', value: bytes('old') },
    { key: 'long', value: bytes('longer than that') },
  ]);
  void store.write(1, [{ key: 'short', value: bytes('new') }]);
  const read = async (name: string, epoch = 1) => {
    const { status, value } = await store.read(epoch, name);
    return [status, value && text(value)];
  };
  expect(await read('short')).toEqual([StateStatus.OK, 'new']);
  expect(await read('long')).toEqual([StateStatus.OK, 'longer than that']);
  expect(await read('none')).toEqual([StateStatus.OK, null]);
  store.fence(2);
  expect(await read('short')).toEqual([StateStatus.STALE_EPOCH, null]);
  writeFileSync(join(folder, fileNameOf('long')), 'STR1 and then nothing of use');
  expect(await read('long', 2)).toEqual([StateStatus.FAILED, null]);
});

test('limits on one value, on records and on bytes refuse the whole request, counting what still waits', async () => {
  const store = new StateStore(tempFolder(), none, { valueBytes: 10, records: 3, totalBytes: 20 });
  const status = async (...writes: [string, number | null][]): Promise<StateStatus> =>
    (
      await store.write(
        0,
        writes.map(([k, n]) => ({ key: k, value: n === null ? null : new Uint8Array(n) })),
      )
    ).status;
  expect(await status(['ok', 1], ['long', 11])).toBe(StateStatus.FULL);
  expect(store.size).toBe(0);
  const both = [status(['a', 10]), status(['b', 10]), status(['c', 1])];
  expect(await Promise.all(both)).toEqual([StateStatus.OK, StateStatus.OK, StateStatus.FULL]);
  expect(await status(['a', null], ['c', 5], ['d', 5])).toBe(StateStatus.OK);
  expect(await status(['e', 0])).toBe(StateStatus.FULL);
  expect(await status(['d', null], ['e', 5])).toBe(StateStatus.OK);
});

test('a write that the disk refuses is told, changes nothing and takes no room', async () => {
  const folder = join(tempFolder(), 'state');
  const store = new StateStore(folder, none, { totalBytes: 10 });
  await store.write(0, [{ key: 'k', value: bytes('before') }]);
  renameSync(folder, `${folder}.away`);
  expect((await store.write(0, [{ key: 'k', value: bytes('after') }])).status).toBe(StateStatus.FAILED);
  expect(await contentOf(store)).toEqual({ k: 'before' });
  renameSync(`${folder}.away`, folder);
  expect((await store.write(0, [{ key: 'k', value: bytes('ten bytes!') }])).status).toBe(StateStatus.OK);
  expect(await contentOf(new StateStore(folder, none))).toEqual({ k: 'ten bytes!' });
});

test('pages hold to their size, come in order of key, and together are everything, cached or not', async () => {
  const folder = tempFolder();
  const limits = { pageBytes: 1000, cachedValueBytes: 200, cacheBytes: 2000 };
  const store = new StateStore(folder, none, limits);
  const expected: Record<string, string> = {};
  for (let n = 0; n < 40; n++) expected[`k${n}`] = String(n).repeat(n * 3);
  expected['big'] = 'b'.repeat(5000);
  await store.write(
    0,
    Object.entries(expected).map(([k, value]) => ({ key: k, value: bytes(value) })),
  );
  for (const opened of [store, new StateStore(folder, none, limits)]) {
    const keys: string[] = [];
    for (let after = ''; ;) {
      const page = await opened.load(after);
      const size = page.records.reduce((sum, { value }) => sum + value.length, 0);
      expect(size <= 1000 || page.records.length === 1).toBe(true);
      for (const record of page.records) expect(text(record.value)).toBe(expected[record.key]);
      keys.push(...page.records.map(record => record.key));
      if (page.last) break;
      after = keys.at(-1)!;
    }
    expect(keys).toEqual(Object.keys(expected).sort());
  }
});

test('a store behaves as a map would, through any writes, deletions and re-openings', async () => {
  const step = fc.oneof(
    fc.record({ key: fc.constantFrom('a', 'b', 'B', 'c/d'), value: fc.option(fc.string({ maxLength: 20 })) }),
    fc.constant('reopen' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
      const folder = tempFolder();
      let store = new StateStore(folder, none);
      const model = new Map<string, string>();
      for (const one of steps) {
        if (one === 'reopen') store = new StateStore(folder, none);
        else {
          await store.write(0, [{ key: one.key, value: one.value === null ? null : bytes(one.value) }]);
          if (one.value === null) model.delete(one.key);
          else model.set(one.key, one.value);
        }
        expect(await contentOf(store)).toEqual(Object.fromEntries(model));
      }
    }),
    { numRuns: 30 },
  );
});

test('files of the state are their owner’s alone', async () => {
  const folder = join(tempFolder(), 'state');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = new StateStore(folder, none);
  await store.write(0, [{ key: 'k', value: bytes('x') }]);
  expect(statSync(join(folder, fileNameOf('k'))).mode & 0o777).toBe(0o600);
});
