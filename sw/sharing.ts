/**
 * Files of a person that are to be shared: copied into the storage of this browser as they are hashed, made a torrent of, and seeded
 * by the browser's own engine, whatever helper there is. See share.ts.
 */
import * as v from 'valibot';
import { apiError } from './api-error.ts';
import { choosePieceLength, createTorrent, parseTorrent, placeFiles, Refusal, refusal } from './engine/index.ts';
import { hashBlobs } from './hash-blobs.ts';
import type { LocalTorrents } from './local-torrents.ts';
import type { ShareNotes } from './share-notes.ts';
import { MAX_COMMENT, MAX_PIECES, PIECE_LENGTHS, type FromSharing, type ShareFile, type ShareRequest } from './share.ts';
import { BROWSER_ROOT, type TorrentId } from './view-model.ts';

/** At once. */
export const MAX_SHARES = 4;
/** Of one. */
export const MAX_FILES = 50_000;
const MAX_DEPTH = 100;
const MAX_NAME = 255;
/** Trackers, and web seeds. */
const MAX_ADDRESSES = 100;
const MAX_ADDRESS = 4_096;
/** Ms between two messages of how far it is. */
const TELL_EVERY = 200;

const LIMITS = {
  files: MAX_FILES,
  folders: MAX_DEPTH,
  addresses: MAX_ADDRESSES,
  name: MAX_NAME,
  comment: MAX_COMMENT,
  address: MAX_ADDRESS,
};

/** What the window says in words of its own. */
class Unfit extends Error {
  constructor(readonly why: 'full' | 'name-taken') {
    super(why);
  }
}

/** Where the bytes go. See adapters/local/deposit.ts. */
export interface Deposit {
  add(bytes: Uint8Array): Promise<void>;
  place(paths: readonly (readonly string[])[]): Promise<boolean>;
  discard(): Promise<void>;
}

export interface SharingOptions {
  readonly version: string;
  readonly torrents: Pick<LocalTorrents, 'run' | 'ready'>;
  /** Whether it is in the list, and started, here or with the helper. */
  readonly isListed: (id: TorrentId) => boolean;
  /** Whether something of the storage is called so. */
  readonly isStored: (top: string) => boolean;
  /** What outlives the worker of one whose files are about to have their places, until it is in the list. */
  readonly notes: Pick<ShareNotes, 'put' | 'drop'>;
  /** @throws {Refusal} */
  readonly deposit: (lengths: readonly number[]) => Deposit;
}

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_NAME));
const addresses = v.pipe(v.array(v.pipe(v.string(), v.maxLength(MAX_ADDRESS))), v.maxLength(MAX_ADDRESSES));
const request: v.GenericSchema<unknown, ShareRequest> = v.strictObject({
  name,
  files: v.pipe(
    v.array(v.strictObject({ path: v.pipe(v.array(name), v.maxLength(MAX_DEPTH)), file: v.instance(Blob) })),
    v.minLength(1),
    v.maxLength(MAX_FILES),
  ),
  trackers: addresses,
  webSeeds: addresses,
  isPrivate: v.boolean(),
  comment: v.pipe(v.string(), v.maxLength(MAX_COMMENT)),
  pieceLength: v.nullable(v.picklist(PIECE_LENGTHS)),
});

export class Sharing {
  private readonly underWay = new Set<AbortController>();

  constructor(private readonly options: SharingOptions) {}

  /** Serves one request over a port that a window has sent. */
  serve(port: MessagePort): void {
    const abort = new AbortController();
    const tell = (message: FromSharing): void => port.postMessage(message);
    let isAsked = false;
    port.addEventListener('close', () => abort.abort());
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isAsked) return abort.abort();
      isAsked = true;
      void this.answer(data, abort, tell);
    });
    port.start();
  }

  /** This worker makes room for the next. */
  end(): void {
    for (const abort of this.underWay) {
      abort.abort(refusal('share-updating'));
    }
  }

  private async answer(data: unknown, abort: AbortController, tell: (message: FromSharing) => void): Promise<void> {
    try {
      if (this.underWay.size >= MAX_SHARES) throw refusal('share-busy', { most: MAX_SHARES });
      this.underWay.add(abort);
      const asked = v.safeParse(request, data);
      if (!asked.success) throw refusal('share-malformed', LIMITS);
      tell({ type: 'shared', ...(await this.share(asked.output, abort.signal, tell)) });
    } catch (error) {
      if (!abort.signal.aborted || error instanceof Refusal)
        tell({ type: 'refused', why: error instanceof Unfit ? error.why : apiError(error) });
    } finally {
      this.underWay.delete(abort);
    }
  }

  private async share(
    { name, files, trackers, webSeeds, isPrivate, comment, pieceLength: wanted }: ShareRequest,
    signal: AbortSignal,
    tell: (message: FromSharing) => void,
  ): Promise<{ id: TorrentId; already: boolean }> {
    const { torrents, isListed, isStored, notes } = this.options;
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    if (size === 0) throw refusal('share-empty');
    const pieceLength = wanted ?? choosePieceLength(size);
    if (size > MAX_PIECES * pieceLength) throw refusal('share-small-pieces');
    const [placed, sources] = inOrder(files, pieceLength);
    const torrent = {
      kind: 'v1',
      name,
      pieceLength,
      trackers: trackers.map(url => [url]),
      webSeeds,
      httpSeeds: [],
      isPrivate,
      comment,
      createdBy: `Starling ${this.options.version}`,
      createdAt: null,
    } as const;
    // What is wrong with it is better known now than once everything is read; and the names that its files get here.
    const outline = new Uint8Array(Math.ceil(size / pieceLength) * 20);
    const { layout } = parseTorrent(createTorrent(torrent, placed, { pieces: outline, trees: [] }));
    const paths = layout.files.map(({ path }) => path);
    const top = paths[0]![0]!;
    const isTaken = async (): Promise<boolean> => (await torrents.ready()).roots.owns(BROWSER_ROOT, top) || isStored(top);
    if (await isTaken()) throw new Unfit('name-taken');

    const deposit = this.options.deposit(sources.map(({ file }) => file.size));
    let isKept = false;
    let noted: TorrentId | null = null;
    try {
      const onProgress = seldom(done => tell({ type: 'progress', done }));
      const pieces = await hashBlobs({ files: sources, pieceLength, store: bytes => deposit.add(bytes), onProgress, signal });
      const bytes = createTorrent(torrent, placed, { pieces, trees: [] });
      const id = parseTorrent(bytes).v1Hash!;
      if (isListed(id)) return { id, already: true };
      signal.throwIfAborted();
      // While all was read another torrent may have come to have that name, and no file yet.
      if (await isTaken()) throw new Unfit('name-taken');
      noted = id;
      await notes.put(id, bytes);
      isKept = await deposit.place(paths);
      if (!isKept) throw new Unfit('name-taken');
      await this.list(id, bytes);
      return { id, already: false };
    } catch (error) {
      isKept = false;
      throw notStored(error);
    } finally {
      if (!isKept) await deposit.discard();
      if (noted !== null) await notes.drop(noted);
    }
  }

  /** Has its files seeded. Where that cannot be, the list is as it was. */
  private async list(id: TorrentId, bytes: Uint8Array): Promise<void> {
    const { torrents } = this.options;
    const wasThere = (await torrents.ready()).has(id);
    await torrents.run({ do: 'add', source: { kind: 'file', bytes } });
    try {
      await torrents.run({ do: 'start', id, priorities: null, root: BROWSER_ROOT });
    } catch (error) {
      if (!wasThere) await torrents.run({ do: 'remove', ids: [id], withData: true }).catch(() => undefined);
      throw error;
    }
  }
}

/** The files as a torrent has them, and their bytes in the same order. @throws {Refusal} where two have the same path */
function inOrder(files: readonly ShareFile[], pieceLength: number): [ReturnType<typeof placeFiles>, ShareFile[]] {
  const byPath = new Map(files.map(file => [file.path.join('/'), file]));
  if (byPath.size < files.length) throw refusal('share-name-twice');
  const placed = placeFiles(
    files.map(({ path, file }) => ({ path, length: file.size })),
    'v1',
    pieceLength,
  );
  return [placed, placed.map(({ path }) => byPath.get(path.join('/'))!)];
}

/** What the storage says, as it is told to a window. */
function notStored(error: unknown): unknown {
  if (!(error instanceof Error) || !('problem' in error)) return error;
  if (error.problem === 'full') return new Unfit('full');
  return refusal('share-storage');
}

function seldom(tell: (done: number) => void): (done: number) => void {
  let last = -Infinity;
  return done => {
    const now = performance.now();
    if (now - last < TELL_EVERY) return;
    last = now;
    tell(done);
  };
}
