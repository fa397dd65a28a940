import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { parseTorrent } from '../../sw/engine/index.ts';
import { hashBlobs } from '../../sw/hash-blobs.ts';
import { MAX_COMMENT, type FromSharing, type ShareFile } from '../../sw/share.ts';
import { MAX_SHARES, Sharing, type Deposit, type SharingOptions } from '../../sw/sharing.ts';
import { pattern } from './local/asking.ts';

/** Files of a person made a torrent of: what is hashed, what is refused, and how much is held meanwhile. */

const blob = (bytes: Uint8Array<ArrayBuffer>): Blob => new Blob([bytes]);
const bytesOf = (length: number, seed: number): Uint8Array<ArrayBuffer> => new Uint8Array(pattern(length, seed));
const never = new AbortController().signal;

function sha1s(bytes: Uint8Array, length: number): string {
  let all = '';
  for (let at = 0; at < bytes.length; at += length)
    all += createHash('sha1')
      .update(bytes.subarray(at, at + length))
      .digest('hex');
  return all;
}

describe('the pieces of files', () => {
  const parts = [bytesOf(3_000_001, 1), new Uint8Array(0), bytesOf(5_999_000, 2), bytesOf(70, 3)];
  const files: ShareFile[] = parts.map((part, at) => ({ path: [`${at}`], file: blob(part) }));
  const all = Buffer.concat(parts);

  it.each([16_384, 1 << 20, 8 << 20])('of %i bytes are cut across files, hashed and handed on in order', async pieceLength => {
    const stored: Uint8Array[] = [];
    let done = 0;
    const store = (bytes: Uint8Array): Promise<void> => Promise.resolve(void stored.push(bytes.slice()));
    const pieces = await hashBlobs({ files, pieceLength, store, onProgress: now => (done = now), signal: never });
    expect(Buffer.from(pieces).toString('hex')).toBe(sha1s(all, pieceLength));
    expect(Buffer.concat(stored).equals(all)).toBe(true);
    expect(done).toBe(all.length);
  });

  it('are read no further ahead of the storage than so much', async () => {
    let [open, most, read] = [0, 0, 0];
    const large = [{ path: [], file: blob(bytesOf(60 << 20, 4)) }];
    const store = async (): Promise<void> => {
      most = Math.max(most, ++open);
      await new Promise(resolve => setTimeout(resolve, 5));
      open--;
      read++;
    };
    await hashBlobs({ files: large, pieceLength: 1 << 20, store, onProgress: () => undefined, signal: never });
    expect([most, read]).toEqual([4, 15]);
  });

  it('are none where a file cannot be read any more, and which one is said', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const gone = { size: 100, slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')) }) };
    const asked = [...files, { path: ['sub', 'gone.txt'], file: gone as unknown as Blob }];
    const store = (): Promise<void> => Promise.resolve();
    await expect(
      hashBlobs({ files: asked, pieceLength: 16_384, store, onProgress: () => undefined, signal: never }),
    ).rejects.toMatchObject({ said: { code: 'share-unreadable-one', values: { file: 'sub/gone.txt' } } });
  });
});

describe('what a window asks to be shared', () => {
  class Kept implements Deposit {
    paths: readonly (readonly string[])[] | null = null;
    isGone = false;
    /** What the storage waits for. */
    turn: Promise<void> = Promise.resolve();
    add = (): Promise<void> => this.turn;
    place(paths: readonly (readonly string[])[]): Promise<boolean> {
      this.paths = paths;
      return Promise.resolve(true);
    }
    discard(): Promise<void> {
      this.isGone = true;
      return Promise.resolve();
    }
  }

  function sharing(part: Partial<SharingOptions> = {}, { refused = '', owns = (): boolean => false } = {}) {
    const commands: { do: string; source?: { bytes: Uint8Array }; id?: string; ids?: string[] }[] = [];
    const kept: Kept[] = [];
    const torrents = {
      ready: () => Promise.resolve({ has: () => false, roots: { owns } }),
      run: (command: { do: string }) => {
        commands.push(command);
        return command.do === refused ? Promise.reject(new Error(`no ${refused}`)) : Promise.resolve();
      },
    } as unknown as SharingOptions['torrents'];
    const deposit = (): Deposit => {
      kept.push(new Kept());
      return kept.at(-1)!;
    };
    const noted: string[] = [];
    const notes = {
      put: (id: string) =>
        Promise.resolve(void noted.push(`${id} before ${kept.at(-1)?.paths === null ? 'its place' : 'nothing'}`)),
      drop: (id: string) => Promise.resolve(void noted.push(`${id} after ${commands.at(-1)?.do ?? 'nothing'}`)),
    };
    const made = new Sharing({ version: '1', torrents, isListed: () => false, isStored: () => false, notes, deposit, ...part });
    const ask = (request: unknown): { answers: FromSharing[]; last: () => Promise<FromSharing>; port: MessagePort } => {
      const { port1, port2 } = new MessageChannel();
      made.serve(port2);
      const answers: FromSharing[] = [];
      port1.onmessage = ({ data }: MessageEvent<FromSharing>) => answers.push(data);
      port1.postMessage(request);
      const last = (): Promise<FromSharing> =>
        vi.waitUntil(() => answers.find(({ type }) => type !== 'progress'), { timeout: 5_000 });
      return { answers, last, port: port1 };
    };
    return { made, ask, commands, kept, noted };
  }

  const one = {
    name: 'a <b>.txt',
    files: [{ path: [], file: blob(bytesOf(20_000, 5)) }],
    trackers: ['wss://t.example/'],
    webSeeds: ['https://seed.example/files/'],
    isPrivate: true,
    comment: 'For you',
    pieceLength: null,
  };

  /** 4.2 GB, which nobody reads. */
  const huge = new Blob(Array<Blob>(63).fill(blob(new Uint8Array(64 << 20))));

  it('becomes a torrent as it was asked for, whose files stand where the engine looks for them', async () => {
    const { ask, commands, kept, noted } = sharing();
    const files = [
      { path: ['b', 'ü?.txt'], file: blob(bytesOf(20_000, 5)) },
      { path: ['a'], file: blob(new Uint8Array(0)) },
    ];
    const told = await ask({ ...one, name: 'Mine', files, pieceLength: 1 << 20 }).last();
    const [add, start] = commands;
    const meta = parseTorrent(add!.source!.bytes);
    expect(told).toEqual({ type: 'shared', id: meta.v1Hash, already: false });
    expect(noted).toEqual([`${meta.v1Hash} before its place`, `${meta.v1Hash} after start`]);
    expect(start).toMatchObject({ do: 'start', id: meta.v1Hash, root: 'browser' });
    expect([meta.name, meta.isPrivate, meta.trackers]).toEqual(['Mine', true, [['wss://t.example/']]]);
    expect([meta.webSeeds, meta.comment, meta.layout.pieceLength]).toEqual([one.webSeeds, 'For you', 1 << 20]);
    expect(kept[0]?.paths).toEqual(meta.layout.files.map(({ path }) => path));
    expect(kept[0]?.paths).toEqual([
      ['Mine', 'a'],
      ['Mine', 'b', 'ü_.txt'],
    ]);
  });

  it.each([
    ['empty files', { ...one, files: [{ path: [], file: blob(new Uint8Array(0)) }] }, 'share-empty'],
    [
      'two of one name',
      { ...one, name: 'x', files: [1, 2].map(seed => ({ path: ['a'], file: blob(bytesOf(9, seed)) })) },
      'share-name-twice',
    ],
    ['a name that is a path', { ...one, name: '../x' }, 'told'],
    ['a tracker that is none', { ...one, trackers: ['javascript:alert(1)'] }, 'told'],
    ['a web seed that is none', { ...one, webSeeds: ['file:///etc/'] }, 'told'],
    ['no files', { ...one, files: [] }, 'share-malformed'],
    ['pieces of no power of two', { ...one, pieceLength: 50_000 }, 'share-malformed'],
    ['too many pieces', { ...one, pieceLength: 16_384, files: [{ path: [], file: huge }] }, 'share-small-pieces'],
    ['what are no files', { ...one, files: [{ path: [], file: 'x' }] }, 'share-malformed'],
    ['nothing of the kind', 'share', 'share-malformed'],
  ])('is refused with a reason: %s', async (_, request, code) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { ask, commands } = sharing();
    expect(await ask(request).last()).toMatchObject({ type: 'refused', why: { code } });
    expect(commands).toEqual([]);
  });

  it('is refused under a name that is taken, and copies nothing that is in the list', async () => {
    expect(
      await sharing({ isStored: top => top === 'a _b_.txt' })
        .ask(one)
        .last(),
    ).toMatchObject({ why: 'name-taken' });
    const { ask, kept, commands } = sharing({ isListed: () => true });
    expect(await ask(one).last()).toMatchObject({ type: 'shared', already: true });
    expect([kept[0]?.isGone, kept[0]?.paths, commands]).toEqual([true, null, []]);
  });

  it('leaves neither files nor a row where it cannot be started', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { ask, kept, commands } = sharing({}, { refused: 'start' });
    expect(await ask(one).last()).toMatchObject({ type: 'refused' });
    expect(commands.map(({ do: what }) => what)).toEqual(['add', 'start', 'remove']);
    expect([commands[2]?.ids, kept[0]?.isGone]).toEqual([[commands[1]?.id], true]);
  });

  it('is refused where another came to have its name while it was read', async () => {
    let asked = 0;
    const { ask, kept, commands } = sharing({}, { owns: () => ++asked > 1 });
    expect(await ask(one).last()).toMatchObject({ type: 'refused', why: 'name-taken' });
    expect([kept[0]?.isGone, kept[0]?.paths, commands]).toEqual([true, null, []]);
  });

  it.each([
    ['too many trackers', { ...one, trackers: Array<string>(101).fill('wss://t.example/') }],
    ['too long a comment', { ...one, comment: 'x'.repeat(MAX_COMMENT + 1) }],
    ['folders too deep', { ...one, files: [{ ...one.files[0], path: Array<string>(101).fill('a') }] }],
  ])('is refused in words that name what it may be: %s', async (_, request) => {
    const told = await sharing().ask(request).last();
    const values = { files: 50_000, folders: 100, addresses: 100 };
    expect(told).toMatchObject({ type: 'refused', why: { code: 'share-malformed', values } });
  });

  it('is called off by another word, leaves nothing, and has so many beside it', async () => {
    const kept = new Kept();
    let go = (): void => undefined;
    kept.turn = new Promise(resolve => (go = resolve));
    const { ask, commands } = sharing({ deposit: () => kept });
    const asked = Array.from({ length: MAX_SHARES }, () => ask(one));
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(await ask(one).last()).toMatchObject({ why: { code: 'share-busy' } });
    for (const { port } of asked) port.postMessage('cancel');
    await new Promise(resolve => setTimeout(resolve, 50));
    go();
    await vi.waitUntil(() => kept.isGone);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect([asked.flatMap(({ answers }) => answers.filter(({ type }) => type !== 'progress')), commands]).toEqual([[], []]);
    expect(await ask(one).last()).toMatchObject({ type: 'shared' });
  });

  it('is refused where the next version of the app takes over', async () => {
    const kept = new Kept();
    kept.turn = new Promise(resolve => setTimeout(resolve, 100));
    const { made, ask } = sharing({ deposit: () => kept });
    const asked = ask(one);
    await new Promise(resolve => setTimeout(resolve, 30));
    made.end();
    expect(await asked.last()).toMatchObject({ type: 'refused', why: { code: 'share-updating' } });
    expect(kept.isGone).toBe(true);
  });
});
