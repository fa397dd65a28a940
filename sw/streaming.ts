/**
 * Files of torrents at addresses of the app, to be opened in a tab or played: what is asked for is fetched from the io-daemon,
 * as far as it is there, and handed on as it comes. What is shown is never a document that could act for the app.
 */
import { STREAM_PATH, THERE_PATH } from './api.ts';
import { mediaTypeOf } from './media-types.ts';
import { fileHeaders, isPassing, refusal, refused } from './file-answers.ts';
import { type Source, unbroken } from './unbroken.ts';
import type { TorrentId } from './view-model.ts';

/** `serve` answers for a file that is in this browser, by the header that asks for a range. */
export type OpenFile = DaemonFile | { readonly path: readonly string[]; serve(range: string | null, isHead: boolean): Response };

/** One that the io-daemon sends. */
export interface DaemonFile {
  readonly path: readonly string[];
  /** The number that the io-daemon knows it by. */
  readonly file: number;
  /** Where the io-daemon is and what lets us read it there; null while it is away. */
  readonly door: { readonly port: number; readonly secret: string } | null;
  /** It is read no more. */
  readonly close: () => void;
}

export interface StreamingOptions {
  /** Opens a file of a torrent; what it throws has a `code` and a `message` for people. */
  readonly open: (id: TorrentId, file: number) => Promise<OpenFile>;
  /** The share of each of so many equal parts of a file that is there, in hundredths; null where that is not known. */
  readonly there: (id: TorrentId, file: number, parts: number) => readonly number[] | null;
  readonly fetch: typeof fetch;
  readonly after: (ms: number, act: () => void) => void;
  /** Somebody began to read, or ended. */
  readonly changed: () => void;
}

/** A file that can be opened in a moment, or whose sender ended in the middle, is tried again after so many ms, so many times. */
const RETRY = 250;
const TRIES = 40;

/** Parts of a file that are told of. */
const PARTS = 240;

export class Streaming {
  private readonly options: StreamingOptions;
  private readers = 0;

  constructor(options: StreamingOptions) {
    this.options = options;
  }

  /** Answers that are being made or read. */
  get reading(): number {
    return this.readers;
  }

  /** The answer to a request for a file of a torrent, else null. */
  respond(request: Request, url: URL): Promise<Response> | null {
    const path = [STREAM_PATH, THERE_PATH].find(each => url.pathname.startsWith(each));
    if (path === undefined) return null;
    const [, id, file] = /^([0-9a-f]{40})\/(\d{1,7})(?:\/|$)/.exec(url.pathname.slice(path.length)) ?? [];
    if (id === undefined || file === undefined) return Promise.resolve(refusal(404, 'There is no such file.'));
    if (request.method !== 'GET' && request.method !== 'HEAD') return Promise.resolve(refusal(405, 'A file can only be read.'));
    if (path === THERE_PATH) {
      const shares = this.options.there(id, Number(file), PARTS) ?? [];
      return Promise.resolve(Response.json(shares, { headers: { 'cache-control': 'no-store' } }));
    }
    return this.answer(request, id, Number(file));
  }

  private async answer(request: Request, id: TorrentId, file: number): Promise<Response> {
    this.count(1);
    let close = (): void => undefined;
    try {
      const open = await this.open(id, file);
      const name = open.path.at(-1) ?? '';
      if ('serve' in open) {
        const answer = open.serve(request.headers.get('range'), request.method === 'HEAD');
        const goOn = (): Promise<null> => Promise.resolve(null);
        return handOn(answer, name, body => unbroken({ body, close }, { length: null, goOn, ended: this.reader() }));
      }
      ({ close } = open);
      if (open.door === null) return refusal(503, 'The helper is away. Start it with npm start, then open the file again.');
      const answer = await this.fetch(open, open.door, request, request.headers.get('range'));
      const span = spanOf(answer);
      return handOn(answer, name, body => {
        const source = { body, close };
        close = () => undefined;
        const goOn = (left: number): Promise<Source | null> =>
          span === null ? Promise.resolve(null) : this.goOn(request, id, file, span, left);
        return unbroken(source, { length: span && span.end - span.from, goOn, ended: this.reader() });
      });
    } catch (error) {
      return refused(error);
    } finally {
      close();
      this.count(-1);
    }
  }

  /** What is left of a span, from whoever has the file by now. */
  private async goOn(request: Request, id: TorrentId, file: number, { end, size }: Span, left: number): Promise<Source | null> {
    for (let tries = TRIES; tries > 0 && !request.signal.aborted; tries--) {
      await this.retry();
      const open = await this.options.open(id, file).catch(() => null);
      if (open === null || 'serve' in open) continue;
      const answer =
        open.door && (await this.fetch(open, open.door, request, `bytes=${end - left}-${end - 1}`).catch(() => null));
      const span = answer && spanOf(answer);
      if (answer?.body && span?.from === end - left && span.end === end && span.size === size) {
        return { body: answer.body, close: open.close };
      }
      open.close();
      void answer?.body?.cancel();
    }
    return null;
  }

  private fetch({ file }: DaemonFile, door: NonNullable<DaemonFile['door']>, request: Request, range: string | null) {
    const headers = new Headers({ authorization: `Bearer ${door.secret}` });
    if (range !== null) headers.set('range', range);
    return this.options.fetch(`http://127.0.0.1:${door.port}/stream/${file}`, {
      method: request.method,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: request.signal,
    });
  }

  /** Counts one who reads; what it gives is called when that one has ended. */
  private reader(): () => void {
    this.count(1);
    return () => this.count(-1);
  }

  private count(change: 1 | -1): void {
    this.readers += change;
    this.options.changed();
  }

  private async open(id: TorrentId, file: number): Promise<OpenFile> {
    for (let left = TRIES; ; left--) {
      try {
        return await this.options.open(id, file);
      } catch (error) {
        if (!isPassing(error) || left <= 1) throw error;
        await this.retry();
      }
    }
  }

  private retry(): Promise<void> {
    return new Promise(resolve => this.options.after(RETRY, resolve));
  }
}

/** What an answer has of a file: bytes from one place to before another, of so many. */
interface Span {
  readonly from: number;
  readonly end: number;
  readonly size: number;
}

/** Null where it does not say. */
function spanOf({ status, headers }: Response): Span | null {
  const [, from, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status === 206) return size === undefined ? null : { from: Number(from), end: Number(last) + 1, size: Number(size) };
  const length = /^\d+$/.exec(headers.get('content-length') ?? '')?.[0];
  return status !== 200 || length === undefined ? null : { from: 0, end: Number(length), size: Number(length) };
}

/** What the io-daemon answers, as what the file is. `hold` is called where it will be read. */
function handOn(
  answer: Response,
  name: string,
  hold: (body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>,
): Response {
  if (answer.status === 503) return refusal(503, 'Too many files are being read at once. Close one, then open this one again.');
  if (answer.status !== 200 && answer.status !== 206 && answer.status !== 416) {
    return refusal(503, 'The file could not be read just now. Open it again in a moment.');
  }
  const headers = fileHeaders(name, mediaTypeOf(name));
  for (const header of ['accept-ranges', 'content-length', 'content-range']) {
    const value = answer.headers.get(header);
    if (value !== null) headers.set(header, value);
  }
  return new Response(answer.body === null ? null : hold(answer.body), { status: answer.status, headers });
}
