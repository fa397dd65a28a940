/** What every Store does, whoever keeps the bytes. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { CommitStatus, DigestSpec, FileProblem, Span } from '../../sw/engine/events.ts';
import type { Store } from '../../sw/engine/ports.ts';

export interface StoreFixture {
  readonly store: Store;
  readonly root: string;
  /** What a file of the root holds now; null where there is none. */
  read(components: readonly string[]): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

const BLOCK = 16_384;

/** Bytes that are told apart wherever one looks. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 17 + seed) & 0xff);
}

function digestOf(bytes: Uint8Array, algorithm: 'sha1' | 'sha256' = 'sha1'): DigestSpec {
  const expected = new Uint8Array(createHash(algorithm).update(bytes).digest());
  return { algorithm, height: 0, offset: 0, length: bytes.length, expected };
}

/** Of a range of a buffer, as BEP 52 has it, written down as plainly as can be. */
function treeOf(bytes: Uint8Array, height: number): DigestSpec & { leaves: Uint8Array[] } {
  const sha256 = (...parts: Uint8Array[]): Uint8Array =>
    new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK) leaves.push(sha256(bytes.subarray(at, at + BLOCK)));
  let level = [...leaves];
  while (level.length < 2 ** height) level.push(new Uint8Array(32));
  while (level.length > 1) {
    level = level.flatMap((left, index) => (index % 2 === 0 ? [sha256(left, level[index + 1] ?? left)] : []));
  }
  const expected = level[0] ?? new Uint8Array(32);
  return { algorithm: 'sha256-tree', height, offset: 0, length: bytes.length, expected, leaves };
}

interface Opened {
  readonly problem: FileProblem | null;
  readonly size: number;
  readonly mtime: number;
}

interface Committed {
  readonly status: CommitStatus;
  readonly problem: FileProblem | null;
  readonly blocks: Uint8Array;
}

/** The port's calls as promises. */
class Calls {
  readonly fixture: StoreFixture;

  constructor(fixture: StoreFixture) {
    this.fixture = fixture;
  }

  open(file: number, components: readonly string[], size: number, create = true, root = this.fixture.root): Promise<Opened> {
    return new Promise(resolve => {
      this.fixture.store.openFile(file, root, components, size, create, false, (problem, actual, mtime) =>
        resolve({ problem, size: actual, mtime }),
      );
    });
  }

  commit(buffer: number, digests: readonly DigestSpec[]): Promise<Committed> {
    return new Promise(resolve => {
      this.fixture.store.commit(buffer, digests, false, (status, problem, blocks) =>
        resolve({ status, problem, blocks: blocks.slice() }),
      );
    });
  }

  sync(files: readonly number[]): Promise<{ problem: FileProblem | null; stat: [number, { size: number; mtime: number }][] }> {
    return new Promise(resolve => {
      this.fixture.store.sync(files, (problem, stat) => resolve({ problem, stat: [...stat] }));
    });
  }

  copy(from: Span, to: number, offset: number): Promise<FileProblem | null> {
    return new Promise(resolve => this.fixture.store.copy(from, to, offset, resolve));
  }

  remove(components: readonly string[], size: number): Promise<FileProblem | null> {
    return new Promise(resolve => this.fixture.store.deleteFile(this.fixture.root, components, size, false, resolve));
  }

  move(
    from: readonly string[],
    to: readonly string[],
    size: number,
  ): Promise<{ problem: FileProblem | null; found: { size: number; mtime: number } | null }> {
    const { root, store } = this.fixture;
    return new Promise(resolve =>
      store.moveFile({ root, path: from }, { root, path: to }, size, (problem, found) => resolve({ problem, found })),
    );
  }

  verify(items: readonly { spans: readonly Span[]; digest: DigestSpec }[]): Promise<readonly (boolean | null)[]> {
    return new Promise(resolve => this.fixture.store.verify(items, resolve));
  }

  /** Begins a piece and puts all its bytes. */
  fill(buffer: number, bytes: Uint8Array, spans: readonly Span[]): void {
    const { store } = this.fixture;
    store.begin(buffer, bytes.length, Uint8Array.of(buffer), spans, []);
    for (let at = 0; at < bytes.length; at += BLOCK) store.put(buffer, at, bytes.subarray(at, at + BLOCK));
  }
}

export function storeContract(name: string, make: () => Promise<StoreFixture>): void {
  describe(`${name} as a Store`, () => {
    let calls: Calls;

    async function setUp(): Promise<Calls> {
      calls = new Calls(await make());
      return calls;
    }

    afterEach(() => calls.fixture.close());

    it('writes a piece over the files it spans, and pads nowhere', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(3 * BLOCK + 100, 1);
      // Peers send the zeros of a pad like any other bytes, in blocks that lie across its edges.
      bytes.fill(0, 20_000, 20_500);
      expect(await calls.open(1, ['dir', 'a'], 25_000)).toMatchObject({ problem: null });
      expect(await calls.open(2, ['dir', 'sub', 'b'], 40_000)).toMatchObject({ problem: null });
      calls.fill(1, bytes, [
        { file: 1, offset: 5_000, length: 20_000 },
        { file: 0, offset: 0, length: 500 },
        { file: 2, offset: 0, length: bytes.length - 20_500 },
      ]);
      expect(await calls.commit(1, [digestOf(bytes)])).toMatchObject({ status: 'ok', problem: null });
      fixture.store.acknowledge(1);
      expect((await fixture.read(['dir', 'a']))?.subarray(5_000)).toEqual(bytes.subarray(0, 20_000));
      expect(await fixture.read(['dir', 'sub', 'b'])).toEqual(bytes.subarray(20_500));
    });

    it('copies a span of a file into another, and says where there is nothing to copy', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(2 * BLOCK, 3);
      await calls.open(1, ['parts'], 100_000);
      await calls.open(2, ['whole'], 50_000);
      calls.fill(1, bytes, [{ file: 1, offset: 1_000, length: bytes.length }]);
      await calls.commit(1, [digestOf(bytes)]);
      expect(await calls.copy({ file: 1, offset: 1_100, length: 20_000 }, 2, 30_000)).toBeNull();
      const whole = await fixture.read(['whole']);
      expect(whole?.length).toBe(50_000);
      expect(whole?.subarray(30_000)).toEqual(bytes.subarray(100, 20_100));
      expect((await calls.sync([2])).problem).toBeNull();
      expect(await calls.copy({ file: 1, offset: 90_000, length: 10_000 }, 2, 0)).toBe('gone');
      expect(await calls.copy({ file: 9, offset: 0, length: 1 }, 2, 0)).toBe('gone');
      expect(await calls.copy({ file: 1, offset: 1_000, length: 1 }, 9, 0)).toBe('gone');
    });

    it('goes on with a piece that was parked, in its buffer and in a later one, and believes nothing of it unread', async () => {
      const { fixture } = await setUp();
      const { store } = fixture;
      const bytes = pattern(4 * BLOCK, 3);
      const spans = [{ file: 1, offset: 0, length: bytes.length }];
      const park = (buffer: number) => new Promise(resolve => store.park(buffer, resolve));
      const there = [1, 3].map(block => ({ offset: block * BLOCK, length: BLOCK }));
      const put = (buffer: number, block: number) =>
        store.put(buffer, block * BLOCK, bytes.subarray(block * BLOCK, (block + 1) * BLOCK));
      await calls.open(1, ['a'], bytes.length);
      store.begin(1, bytes.length, Uint8Array.of(1), spans, []);
      put(1, 1);
      expect(await park(1)).toEqual(there.slice(0, 1));
      const unfinished = calls.commit(1, [digestOf(bytes)]);
      put(1, 3);
      expect(await park(1)).toEqual(there);
      store.drop(1);
      expect((await unfinished).status).toBe('gone');
      expect(await park(1)).toBeNull();
      store.begin(2, bytes.length, Uint8Array.of(2), spans, there);
      const whole = calls.commit(2, [digestOf(bytes)]);
      put(2, 0);
      put(2, 2);
      expect((await whole).status).toBe('ok');
      expect(await fixture.read(['a'])).toEqual(bytes);
      await calls.open(2, ['b'], bytes.length);
      const elsewhere = [{ file: 2, offset: 0, length: bytes.length }];
      store.begin(3, bytes.length, Uint8Array.of(3), elsewhere, [{ offset: 0, length: BLOCK }]);
      for (const block of [1, 2, 3]) put(3, block);
      expect((await calls.commit(3, [digestOf(bytes)])).status).toBe('mismatch');
      store.reset(3, [{ offset: 0, length: BLOCK }]);
      put(3, 0);
      expect((await calls.commit(3, [digestOf(bytes)])).status).toBe('ok');
      expect(await fixture.read(['b'])).toEqual(bytes);
    });

    it('commits by itself once the last byte is there, as it was asked last', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(2 * BLOCK, 2);
      await calls.open(1, ['a'], bytes.length);
      fixture.store.begin(1, bytes.length, Uint8Array.of(1), [{ file: 1, offset: 0, length: bytes.length }], []);
      const early = calls.commit(1, [digestOf(bytes.subarray(0, BLOCK))]);
      fixture.store.put(1, 0, bytes.subarray(0, BLOCK));
      const last = calls.commit(1, [digestOf(bytes)]);
      expect((await early).status).toBe('gone');
      fixture.store.put(1, BLOCK, bytes.subarray(BLOCK));
      expect((await last).status).toBe('ok');
      expect(await fixture.read(['a'])).toEqual(bytes);
    });

    it('writes nothing that hashes to something else, names its blocks, and takes them anew', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(2 * BLOCK + 7, 3);
      const bad = bytes.slice();
      bad[BLOCK + 1] = (bad[BLOCK + 1] ?? 0) ^ 0xff;
      await calls.open(1, ['a'], bytes.length);
      calls.fill(1, bad, [{ file: 1, offset: 0, length: bytes.length }]);
      const { status, blocks } = await calls.commit(1, [digestOf(bytes)]);
      expect(status).toBe('mismatch');
      const sha1 = (part: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(part).digest());
      expect(blocks).toHaveLength(3 * 20);
      expect(blocks.slice(0, 20)).toEqual(sha1(bytes.subarray(0, BLOCK)));
      expect(blocks.slice(20, 40)).toEqual(sha1(bad.subarray(BLOCK, 2 * BLOCK)));
      const written = (await fixture.read(['a'])) ?? new Uint8Array(0);
      expect(written.every(byte => byte === 0)).toBe(true);

      fixture.store.reset(1, [{ offset: BLOCK, length: BLOCK }]);
      fixture.store.put(1, BLOCK, bytes.subarray(BLOCK, 2 * BLOCK));
      expect((await calls.commit(1, [digestOf(bytes)])).status).toBe('ok');
      expect(await fixture.read(['a'])).toEqual(bytes);
    });

    it('needs every digest to hold', async () => {
      await setUp();
      const bytes = pattern(BLOCK, 4);
      await calls.open(1, ['a'], bytes.length);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: bytes.length }]);
      const wrong = { ...digestOf(bytes, 'sha256'), expected: new Uint8Array(32) };
      expect((await calls.commit(1, [digestOf(bytes), wrong])).status).toBe('mismatch');
      expect((await calls.commit(1, [digestOf(bytes), digestOf(bytes, 'sha256')])).status).toBe('ok');
    });

    it.each([
      [BLOCK - 1, 0],
      [3 * BLOCK + 5, 2],
      [2 * BLOCK + 1, 4],
    ])('verifies %i bytes by a hash tree of height %i, and names the leaves where they differ', async (length, height) => {
      const { fixture } = await setUp();
      const bytes = pattern(length, 10);
      const tree = treeOf(bytes, height);
      const sha1 = digestOf(Buffer.concat([bytes, new Uint8Array(100)]));
      await calls.open(1, ['a'], length);
      const spans = [
        { file: 1, offset: 0, length },
        { file: 0, offset: 0, length: 100 },
      ];
      const bad = bytes.slice();
      bad[length - 1] = (bad[length - 1] ?? 0) ^ 1;
      const padded = (content: Uint8Array): Uint8Array => Uint8Array.from([...content, ...new Uint8Array(100)]);
      calls.fill(1, padded(bad), spans);
      const refused = await calls.commit(1, [sha1, tree]);
      expect(refused.status).toBe('mismatch');
      const last = tree.leaves.length - 1;
      expect(refused.blocks).toHaveLength(tree.leaves.length * 32);
      expect(refused.blocks.subarray(0, last * 32)).toEqual(new Uint8Array(Buffer.concat(tree.leaves.slice(0, last))));
      expect(refused.blocks.subarray(last * 32)).not.toEqual(tree.leaves[last]);
      fixture.store.reset(1, [{ offset: 0, length: length + 100 }]);
      calls.fill(2, padded(bytes), spans);
      expect((await calls.commit(2, [sha1, tree])).status).toBe('ok');
      const verified = spans.slice(0, 1);
      const wrong = { ...tree, expected: new Uint8Array(32) };
      const verdicts = await calls.verify([tree, wrong].map(digest => ({ spans: verified, digest })));
      expect(verdicts).toEqual([true, false]);
    });

    it('takes no tree that is too low for what it covers', async () => {
      await setUp();
      const bytes = pattern(2 * BLOCK + 1, 11);
      await calls.open(1, ['a'], bytes.length);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: bytes.length }]);
      expect((await calls.commit(1, [treeOf(bytes, 1)])).status).not.toBe('ok');
      expect((await calls.commit(1, [treeOf(bytes, 2)])).status).toBe('ok');
    });

    it('knows no buffer that was dropped', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(BLOCK, 5);
      await calls.open(1, ['a'], bytes.length);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: bytes.length }]);
      fixture.store.drop(1);
      expect((await calls.commit(1, [digestOf(bytes)])).status).toBe('gone');
    });

    it('tells size and time after a sync, as they are found again', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(BLOCK, 6);
      await calls.open(1, ['a'], bytes.length);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: bytes.length }]);
      await calls.commit(1, [digestOf(bytes)]);
      fixture.store.acknowledge(1);
      const { problem, stat } = await calls.sync([1]);
      expect(problem).toBeNull();
      expect(stat).toHaveLength(1);
      expect(stat[0]?.[1].size).toBe(bytes.length);
      fixture.store.closeFile(1);
      const again = await calls.open(2, ['a'], bytes.length, false);
      expect(again).toEqual({ problem: null, ...stat[0]?.[1] });
    });

    it('verifies what is on disk', async () => {
      await setUp();
      const bytes = pattern(2 * BLOCK, 7);
      await calls.open(1, ['a'], 10 * BLOCK);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: bytes.length }]);
      await calls.commit(1, [digestOf(bytes)]);
      const spans = [{ file: 1, offset: 0, length: bytes.length }];
      const padded = [...spans, { file: 0, offset: 0, length: 9 }];
      const verdicts = await calls.verify([
        { spans, digest: digestOf(bytes) },
        { spans, digest: digestOf(bytes.subarray(1)) },
        { spans: padded, digest: digestOf(Buffer.concat([bytes, new Uint8Array(9)])) },
        { spans: [{ file: 1, offset: 8 * BLOCK, length: BLOCK }], digest: digestOf(bytes) },
      ]);
      expect(verdicts.slice(0, 3)).toEqual([true, false, true]);
      expect(verdicts[3]).not.toBe(true);
    });

    it('does not create what is only to be opened', async () => {
      const { fixture } = await setUp();
      expect((await calls.open(1, ['nowhere', 'a'], 10, false)).problem).toBe('gone');
      expect(await fixture.read(['nowhere', 'a'])).toBeNull();
    });

    it('deletes', async () => {
      const { fixture } = await setUp();
      await calls.open(1, ['dir', 'a'], 10);
      const bytes = pattern(10, 8);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: 10 }]);
      await calls.commit(1, [digestOf(bytes)]);
      fixture.store.acknowledge(1);
      fixture.store.closeFile(1);
      expect(await calls.remove(['dir', 'a'], 10)).toBeNull();
      expect(await fixture.read(['dir', 'a'])).toBeNull();
    });

    it('moves a file to another place, once, and in place of nothing', async () => {
      const { fixture } = await setUp();
      const bytes = pattern(100, 9);
      await calls.open(1, ['dir', 'a'], 100);
      calls.fill(1, bytes, [{ file: 1, offset: 0, length: 100 }]);
      await calls.commit(1, [digestOf(bytes)]);
      fixture.store.acknowledge(1);
      const stamp = (await calls.sync([1])).stat[0]?.[1];
      expect((await calls.move(['dir', 'a'], ['new', 'b'], 100)).problem).toBe('busy');
      fixture.store.closeFile(1);
      expect(await calls.move(['dir', 'a'], ['new', 'b'], 100)).toEqual({ problem: null, found: stamp });
      expect([await fixture.read(['dir', 'a']), await fixture.read(['new', 'b'])]).toEqual([null, bytes]);
      expect(await calls.move(['dir', 'a'], ['new', 'b'], 100)).toEqual({ problem: 'gone', found: stamp });
      expect(await calls.move(['dir', 'a'], ['none'], 100)).toEqual({ problem: 'gone', found: null });
      await calls.open(2, ['c'], 100);
      fixture.store.closeFile(2);
      expect((await calls.move(['c'], ['new', 'b'], 100)).problem).toBe('conflict');
      expect(await fixture.read(['new', 'b'])).toEqual(bytes);
    });

    it.each([[['..', 'a']], [['a', '..', '..', 'b']], [['']], [['a/b']], [[]]])('opens nothing at %j', async components => {
      await setUp();
      expect((await calls.open(1, components, 10)).problem).not.toBeNull();
    });

    it('knows its roots', async () => {
      await setUp();
      expect((await calls.open(1, ['a'], 10, true, '0'.repeat(64))).problem).toBe('no-such-root');
    });

    it('commits many at once, each with its own answer', async () => {
      const { fixture } = await setUp();
      const pieces = Array.from({ length: 16 }, (_, index) => pattern(4 * BLOCK, index));
      await calls.open(1, ['a'], 16 * 4 * BLOCK);
      const answers = pieces.map((bytes, index) => {
        calls.fill(index + 1, bytes, [{ file: 1, offset: index * 4 * BLOCK, length: 4 * BLOCK }]);
        return calls.commit(index + 1, [digestOf(index === 5 ? pattern(4 * BLOCK, 99) : bytes)]);
      });
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses).toEqual(pieces.map((_, index) => (index === 5 ? 'mismatch' : 'ok')));
      const all = await fixture.read(['a']);
      for (const [index, bytes] of pieces.entries()) {
        const there = all?.subarray(index * 4 * BLOCK, (index + 1) * 4 * BLOCK) ?? new Uint8Array(0);
        expect(Buffer.compare(there, bytes) === 0, `piece ${index}`).toBe(index !== 5);
      }
    });
  });
}
