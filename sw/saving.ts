/**
 * Files of torrents in this browser handed to its download manager, one by itself or several as a ZIP archive, while they come as well. As
 * long as somebody takes their bytes the worker lives, in Chromium with no window open too, and with it the engine.
 */
import { SAVE_ASK, SAVE_KEY, SAVE_PATH, type SaveAnswer, type SaveFile } from './api.ts';
import { parseTorrent } from './engine/index.ts';
import { fileHeaders, isPassing, refusal, refused } from './file-answers.ts';
import { OnceKeys } from './once-keys.ts';
import { readPatiently, type OpenLocalFile } from './patient-reading.ts';
import type { FileRow, SaveRow, TorrentDetail, TorrentId } from './view-model.ts';
import { zip, zipLength } from './zip.ts';

export interface SavingOptions {
  /** Whether a torrent is in this browser, and in this browser alone. */
  readonly isHere: (id: TorrentId) => boolean;
  /** What is known of such a torrent, which takes as long as it has files. */
  readonly detail: (id: TorrentId) => Pick<TorrentDetail, 'hasMetadata' | 'files'> | null;
  /** Opens one of its files; what it throws has a `code` and a `message` for people. */
  readonly open: (id: TorrentId, file: number) => OpenLocalFile;
  /** Its .torrent file; null where there is none yet. */
  readonly torrentFile: (id: TorrentId) => Uint8Array<ArrayBuffer> | null;
  /** Resolves when the engine of this browser is at work, as far as it will be. */
  readonly settled: () => Promise<void>;
  /** Calls back once after `ms`; the answer calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
  /** Ms since 1970. */
  readonly now: () => number;
  /** Ms, of a clock that nobody sets. */
  readonly ticks: () => number;
  /** A save began, or ended. */
  readonly changed: () => void;
}

/** Saves at once. */
const SAVES = 8;
/** Ms without a byte, for want of one or of somebody who takes it, after which a save is given up. */
const PATIENCE = 24 * 3_600_000;
/** How long and how often a file is asked for that can be opened in a moment: ms, times. */
const RETRY = 250;
const TRIES = 40;
const GONE = 'This torrent is not in this browser any more.';

/** What is to be saved. */
interface Choice {
  readonly files: readonly SaveFile[];
  /** Of what comes of them. */
  readonly name: string;
  readonly isArchive: boolean;
}

interface Save {
  readonly id: TorrentId;
  readonly outlivesWindows: boolean;
  /** Files of the torrent that are chosen, were not all there and are in no part of it; null until that is known. */
  left: Set<number> | null;
}

export class Saving {
  private readonly options: SavingOptions;
  private readonly saves = new Map<AbortController, Save>();
  private readonly keys: OnceKeys;
  private ended = false;

  constructor(options: SavingOptions) {
    this.options = options;
    this.keys = new OnceKeys(options.ticks);
  }

  /** Saves that are being made or read. */
  get count(): number {
    return this.saves.size;
  }

  /** The torrents that the download manager saves from; not those that a window reads, which end with it. */
  get rows(): readonly SaveRow[] {
    /** What each torrent's saves leave out together. */
    const left = new Map<TorrentId, ReadonlySet<number> | null>();
    for (const save of this.saves.values()) {
      if (!save.outlivesWindows) continue;
      const others = left.get(save.id) ?? null;
      left.set(save.id, others && save.left ? new Set([...others].filter(file => save.left?.has(file))) : (others ?? save.left));
    }
    return [...left].map(([id, files]) => ({ id, isWhole: files?.size === 0 }));
  }

  /** The answer to a request for a save, else null. */
  respond(request: Request, url: URL): Promise<Response> | null {
    if (!url.pathname.startsWith(SAVE_PATH)) return null;
    if (url.search === SAVE_ASK) return this.tell(request, url);
    // A link on any website may lead here: a download begins for who asked a window of ours, and for nobody else.
    const isOurs =
      request.mode !== 'navigate' ||
      (url.search.startsWith(SAVE_KEY) && this.keys.take(url.search.slice(SAVE_KEY.length), url.pathname));
    if (!isOurs) return Promise.resolve(new Response(null, { status: 204 }));
    return this.answer(request, url, false).then(answer =>
      // Who presses a link to it stays where they are.
      answer.ok || request.mode !== 'navigate' ? answer : new Response(null, { status: 204 }),
    );
  }

  /** All saves fail, and no other begins: this worker makes room for the next version. */
  end(): void {
    this.ended = true;
    for (const save of this.saves.keys()) save.abort(new Error('The app is being updated.'));
  }

  private async tell(request: Request, url: URL): Promise<Response> {
    const answer = await this.answer(request, url, true);
    const told: SaveAnswer = answer.ok
      ? { refused: null, key: this.keys.give(url.pathname) }
      : { refused: (await answer.text()).trim(), key: '' };
    return Response.json(told, { headers: { 'cache-control': 'no-store' } });
  }

  /** `isAsked`: nothing is read. */
  private async answer(request: Request, url: URL, isAsked: boolean): Promise<Response> {
    const [id = '', ...rest] = url.pathname.slice(SAVE_PATH.length).split('/');
    const isList = rest.length === 1 && rest[0] === 'list';
    const isTorrent = rest.length === 1 && rest[0] === 'torrent';
    const asked = isList || isTorrent ? [] : readPath(rest);
    if (!/^[0-9a-f]{40}$/.test(id) || asked === null) return refusal(404, 'There is no such file.');
    if (request.method !== 'GET') return refusal(405, 'A file can only be read.');
    if (this.ended) return refusal(503, 'The app is being updated. Save the file again in a moment.');
    if (this.saves.size >= SAVES)
      return refusal(503, 'Too much is being saved at once. Wait for one to end, then save this again.');
    const save = new AbortController();
    const outlivesWindows = request.mode === 'navigate';
    const row: Save = { id, outlivesWindows, left: null };
    this.saves.set(save, row);
    this.options.changed();
    let isRead = false;
    try {
      if (isTorrent) return await this.torrentFile(id);
      const choice = await this.choose(id, asked);
      if (isList) return Response.json(choice.files satisfies readonly SaveFile[], { headers: { 'cache-control': 'no-store' } });
      const headers = fileHeaders(choice.name, null);
      const [first] = choice.files;
      headers.set('content-length', String(choice.isArchive ? zipLength(choice.files) : (first?.size ?? 0)));
      if (choice.isArchive) headers.set('content-type', 'application/zip');
      if (isAsked) return new Response(null, { headers });
      if (outlivesWindows) {
        row.left = leftOut(choice, this.options.detail(id)?.files ?? []);
        this.options.changed();
      }
      isRead = true;
      return new Response(this.body(id, choice, save), { headers });
    } catch (error) {
      return refused(error);
    } finally {
      if (!isRead) this.over(save);
    }
  }

  private async torrentFile(id: TorrentId): Promise<Response> {
    await this.options.settled();
    if (!this.options.isHere(id)) throw new SaveError('no-such-torrent', GONE);
    for (let left = TRIES; left > 0; left--) {
      const bytes = this.options.torrentFile(id);
      if (bytes) return new Response(bytes, { headers: fileHeaders(`${parseTorrent(bytes).name}.torrent`, null) });
      await new Promise<void>(resolve => this.options.after(RETRY, resolve));
    }
    throw new SaveError(
      'no-metadata',
      'What this torrent consists of is not known yet. Save its file once the list of files is there.',
    );
  }

  /** Throws where it cannot begin. */
  private async choose(id: TorrentId, asked: readonly string[] | number): Promise<Choice> {
    await this.options.settled();
    if (!this.options.isHere(id)) throw new SaveError('no-such-torrent', GONE);
    if (typeof asked === 'number') {
      const { path, size } = await this.tryToOpen(id, asked);
      return { files: [{ index: asked, path, size }], name: path.at(-1) ?? '', isArchive: false };
    }
    const detail = this.options.detail(id);
    if (detail === null) throw new SaveError('no-such-torrent', GONE);
    if (!detail.hasMetadata)
      throw new SaveError('no-metadata', 'The file list of this torrent has not arrived yet. Save it once it is there.');
    const choice = folder(detail.files, asked);
    const [first] = choice.files;
    if (first === undefined)
      throw new SaveError('no-such-file', 'None of these files is chosen. Choose one in the list of files, then save it.');
    // What is not all there is what may be refused.
    const missing = choice.files.find(({ index, size }) => (detail.files[index]?.done ?? 0) < size);
    await this.tryToOpen(id, (missing ?? first).index);
    return choice;
  }

  private async tryToOpen(id: TorrentId, file: number): Promise<OpenLocalFile> {
    for (let left = TRIES; ; left--) {
      try {
        return this.options.open(id, file);
      } catch (error) {
        if (!isPassing(error) || left <= 1) throw error;
        await new Promise<void>(resolve => this.options.after(RETRY, resolve));
      }
    }
  }

  private body(id: TorrentId, { files, isArchive }: Choice, save: AbortController): ReadableStream<Uint8Array> {
    const { open, after, now } = this.options;
    const { signal } = save;
    const read = (at: number): AsyncIterable<Uint8Array> => {
      const { index = 0, size = 0 } = files[at] ?? {};
      return readPatiently({ size }, { open: () => open(id, index), after, signal });
    };
    const parts = isArchive ? zip(files, read, new Date(now())) : read(0)[Symbol.asyncIterator]();
    let callOff = (): void => undefined;
    const wait = (): void => {
      callOff();
      callOff = after(PATIENCE, () => save.abort(new Error('Nothing came for a day.')));
    };
    const end = (): void => {
      callOff();
      this.over(save);
    };
    // What it has brought is not missing any more.
    const done = (): void => {
      const saved = new Set(files.map(({ index }) => index));
      for (const other of this.saves.values()) if (other.id === id) for (const file of saved) other.left?.delete(file);
      end();
    };
    wait();
    return new ReadableStream<Uint8Array>(
      {
        start: controller =>
          signal.addEventListener('abort', () => {
            end();
            controller.error(signal.reason);
          }),
        pull: async controller => {
          try {
            const part = await parts.next();
            if (signal.aborted) return;
            wait();
            if (part.done !== true) return controller.enqueue(part.value);
            done();
            controller.close();
          } catch (error) {
            end();
            throw error;
          }
        },
        cancel: reason => save.abort(reason),
      },
      { highWaterMark: 0 },
    );
  }

  private over(save: AbortController): void {
    if (this.saves.delete(save)) this.options.changed();
  }
}

class SaveError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The index of a file, or the names down to a folder, '' and nothing else for all there is; null where it is neither. */
function readPath(parts: readonly string[]): readonly string[] | number | null {
  const [kind = '', ...names] = parts;
  if (/^\d{1,7}$/.test(kind)) return Number(kind);
  if (kind !== 'in') return null;
  try {
    return names.filter(name => name !== '').map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** Files that are chosen, not all there yet, and left out. */
function leftOut({ files }: Choice, all: readonly FileRow[]): Set<number> {
  const taken = new Set(files.map(({ index }) => index));
  const left = new Set<number>();
  all.forEach(({ size, done, priority }, index) => {
    if (priority !== 'skip' && done < size && !taken.has(index)) left.add(index);
  });
  return left;
}

/** Those chosen of the files in a folder, which is at the top of the archive; where it is one alone, it goes by itself. */
function folder(all: readonly FileRow[], names: readonly string[]): Choice {
  const above = Math.max(0, names.length - 1);
  const inside = all.flatMap(({ path, size, priority }, index) =>
    priority !== 'skip' && path.length > names.length && names.every((name, depth) => path[depth] === name)
      ? [{ index, path: path.slice(above), size }]
      : [],
  );
  const [only] = inside;
  if (inside.length === 1 && only !== undefined) return { files: inside, name: only.path.at(-1) ?? '', isArchive: false };
  const name = names.at(-1) ?? all[0]?.path[0] ?? 'files';
  return { files: inside, name: `${name}.zip`, isArchive: true };
}
