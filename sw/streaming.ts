/**
 * Files of torrents at addresses of the app, to be opened in a tab or played: what is asked for is fetched from the io-daemon,
 * as far as it is there, and handed on as it comes. What is shown is never a document that could act for the app.
 */
import { mediaTypeOf, STREAM_PATH, THERE_PATH } from './api.ts';
import { codeOf, fileHeaders, refusal, refused } from './file-answers.ts';
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

/** A file that can be opened in a moment is tried again after so many ms, so many times. */
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
        return handOn(answer, name, () => this.reader(close));
      }
      ({ close } = open);
      const { door } = open;
      if (door === null) return refusal(503, 'The helper is away. Start it with `npm start`, then open the file again.');
      const headers = new Headers({ authorization: `Bearer ${door.secret}` });
      const range = request.headers.get('range');
      if (range !== null) headers.set('range', range);
      const answer = await this.options.fetch(`http://127.0.0.1:${door.port}/stream/${open.file}`, {
        method: request.method,
        headers,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: request.signal,
      });
      return handOn(answer, name, () => {
        const ended = this.reader(close);
        close = () => undefined;
        return ended;
      });
    } catch (error) {
      return refused(error);
    } finally {
      close();
      this.count(-1);
    }
  }

  /** Counts one who reads; what it gives is called when that one has ended, and closes the file. */
  private reader(close: () => void): () => void {
    let isReading = true;
    this.count(1);
    return () => {
      if (!isReading) return;
      isReading = false;
      close();
      this.count(-1);
    };
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
        if (codeOf(error) !== 'not-yet' || left <= 1) throw error;
        await new Promise<void>(resolve => this.options.after(RETRY, resolve));
      }
    }
  }
}

/** What the io-daemon answers, as what the file is. `reader` is called where it will be read, and what it gives when it was. */
function handOn(answer: Response, name: string, reader: () => () => void): Response {
  if (answer.status === 503) return refusal(503, 'Too many files are being read at once. Close one, then open this one again.');
  if (answer.status !== 200 && answer.status !== 206 && answer.status !== 416) {
    return refusal(503, 'The file could not be read just now. Open it again in a moment.');
  }
  const headers = fileHeaders(name, mediaTypeOf(name));
  for (const header of ['accept-ranges', 'content-length', 'content-range']) {
    const value = answer.headers.get(header);
    if (value !== null) headers.set(header, value);
  }
  return new Response(answer.body === null ? null : held(answer.body, reader()), { status: answer.status, headers });
}

/** The same bytes by way of this worker, which so lives, and with it the engine, as long as somebody reads them. */
function held(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        try {
          const { done, value } = await reader.read();
          if (done) {
            ended();
            controller.close();
          } else {
            controller.enqueue(value);
          }
        } catch (error) {
          ended();
          throw error;
        }
      },
      cancel: reason => {
        ended();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
