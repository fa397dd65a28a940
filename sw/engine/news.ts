/** What became of torrents, and what of it is kept for a person who was not there: a record, bencoded. */
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, encode } from './codec/bencode.ts';
import { fromHex, ID_BYTES, toHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';

/** All that was wanted of it is there, something stopped it, or it was started by no window: from a watched folder, say. */
export type Happening = 'completed' | 'failed' | 'added';

/** `running`: it is at work, so what had stopped it has passed. That is no news, and takes back what was. */
export type Turn = Happening | 'running';

export interface News {
  readonly id: InfoHash;
  readonly name: string;
  readonly what: Happening;
  /** Ms since 1970. */
  readonly at: number;
}

export const NEWS_KEY = 'news';
/** The latest are kept. */
export const MAX_NEWS = 100;

const VERSION = 1;
const LIMITS = { maxDepth: 4, maxTokens: 1_000 };
const HAPPENINGS: readonly Happening[] = ['completed', 'failed', 'added'];
const MAX_NAME = 255;
/** One that stops again and again is told of so often, ms. */
const FAILED_EVERY = 86_400_000;
const text = new TextEncoder();

export function encodeNews(news: readonly News[]): Uint8Array {
  const list = news.map(({ id, name, what, at }) => [fromHex(id), text.encode(name), HAPPENINGS.indexOf(what), at]);
  return encode({ version: VERSION, news: list });
}

/** What cannot be read is left out. */
export function decodeNews(bytes: Uint8Array): News[] {
  try {
    const dict = asDict(decode(bytes, LIMITS).value);
    if (asInt(dictGet(dict, 'version')) !== VERSION) return [];
    return (asList(dictGet(dict, 'news')) ?? []).slice(0, MAX_NEWS).flatMap(item => {
      const [hash, name, what, at] = asList(item) ?? [];
      const id = asBytes(hash);
      const told = asText(name);
      const happening = HAPPENINGS[asInt(what) ?? -1];
      const when = asInt(at) ?? -1;
      if (id?.length !== ID_BYTES || told === null || told.length > MAX_NAME || happening === undefined || when < 0) return [];
      return [{ id: toHex(id), name: told, what: happening, at: when }];
    });
  } catch {
    return [];
  }
}

/** Keeps what happened while nobody looked until somebody does, the latest word on each torrent. */
export class NewsDesk {
  private readonly kept = new Map<InfoHash, News>();
  /** When it was last told, ms since 1970, of torrents that something stopped. */
  private readonly failedAt = new Map<InfoHash, number>();

  constructor(
    private readonly options: {
      /** Whether nobody looks, so that it has to be kept. */
      readonly isUnwatched: boolean;
      /** Ms since 1970. */
      readonly wall: () => number;
      /** Has the next engine find this; null: nothing. */
      readonly keep: (record: Uint8Array | null) => void;
      readonly heard: (news: News) => void;
    },
  ) {}

  /** What earlier engines kept. */
  restore(record: Uint8Array): void {
    for (const news of decodeNews(record)) this.kept.set(news.id, news);
  }

  /** A torrent that stops for the same reason again and again makes no more news of it. */
  happened(id: InfoHash, name: string, what: Turn): void {
    const { isUnwatched, wall, heard } = this.options;
    if (what === 'running') {
      if (this.kept.get(id)?.what === 'failed') this.forget(id);
      return;
    }
    if (isUnwatched && this.kept.get(id)?.what === what) return;
    const news = { id, name: name.slice(0, MAX_NAME), what, at: Math.floor(wall()) };
    if (this.isToTell(news)) heard(news);
    if (!isUnwatched) return;
    this.kept.delete(id);
    this.kept.set(id, news);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_NEWS && oldest !== undefined) this.kept.delete(oldest);
    this.keep();
  }

  /** The torrent is gone: nobody wonders what became of it. */
  removed(id: InfoHash): void {
    this.failedAt.delete(id);
    if (this.kept.has(id)) this.forget(id);
  }

  /** Not of one that goes on for a moment and stops again. */
  private isToTell({ id, what, at }: News): boolean {
    if (what !== 'failed') return true;
    if (at - (this.failedAt.get(id) ?? -Infinity) < FAILED_EVERY) return false;
    this.failedAt.set(id, at);
    return true;
  }

  private forget(id: InfoHash): void {
    this.kept.delete(id);
    this.keep();
  }

  private keep(): void {
    this.options.keep(this.kept.size === 0 ? null : encodeNews([...this.kept.values()]));
  }

  /** What was kept, for somebody who looks; it is then forgotten. Empty while nobody does. */
  take(): News[] {
    const news = this.options.isUnwatched ? [] : [...this.kept.values()];
    if (news.length === 0) return news;
    this.kept.clear();
    this.options.keep(null);
    return news;
  }
}
