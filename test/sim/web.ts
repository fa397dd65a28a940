import type { FetchEnd } from '../../sw/engine/events.ts';
import type { Web } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';
import type { SimStore } from './store.ts';

const CHUNK = 16_384;

/** What a server does with a request instead of answering it. */
export type Conduct =
  | { readonly status: number; readonly retryAfter?: number }
  /** It sends no byte after so many. */
  | { readonly silentAfter: number }
  | 'misfit'
  | 'forbidden';

/** A server of files by path, with a line of its own. */
export class SimServer {
  /** Addresses that were asked for, in order, and when. */
  readonly asked: { readonly path: string; readonly from: number; readonly length: number; readonly at: number }[] = [];
  /** Bytes sent. */
  sent = 0;
  busyUntil = 0;
  running = 0;
  mostAtOnce = 0;

  constructor(
    readonly files: ReadonlyMap<string, Uint8Array>,
    /** Bytes a second. */
    readonly rate = 5e6,
    readonly conduct: (path: string, time: number) => Conduct | null = () => null,
    readonly corrupt: (bytes: Uint8Array) => void = () => undefined,
  ) {}
}

/** The Web port: servers by their host, on the virtual clock, into the buffers of the host's store. */
export class SimWeb implements Web {
  constructor(
    private readonly clock: VirtualClock,
    private readonly servers: ReadonlyMap<string, SimServer>,
    private readonly store: () => SimStore,
    private readonly latency: number,
  ) {}

  land(...[{ url, range, places, silence }, landed, ended]: Parameters<Web['land']>): () => void {
    const { hostname, pathname, searchParams } = new URL(url);
    const server = this.servers.get(hostname);
    const store = this.store();
    const length = places.reduce((sum, place) => sum + place.length, 0);
    const blocks = places.flatMap(cut);
    const isRefused = !places.every(({ buffer }) => store.buffers.has(buffer));
    let isOver = false;
    const end = (kind: FetchEnd['kind'], problem = '', status = 0, retryAfter = -1): void => {
      if (isOver) return;
      close();
      ended({ kind, problem, status, retryAfter });
    };
    const close = (): void => {
      isOver = true;
      if (server) server.running -= 1;
    };
    const answer = (): void => {
      if (isOver) return;
      if (!server || store.away) return end('failed', 'Nothing listens there.');
      const path = decodeURIComponent(pathname);
      const from = range?.from ?? Number(searchParams.get('ranges')?.split('-')[0]);
      server.asked.push({ path, from, length, at: this.clock.time });
      const conduct = server.conduct(path, this.clock.time);
      if (conduct === 'misfit' || conduct === 'forbidden') return end(conduct, 'It is not as it should be.');
      if (conduct && 'status' in conduct) return end('refused', '', conduct.status, conduct.retryAfter ?? -1);
      const key = range ? path : `${path}#${searchParams.get('piece')}`;
      const bytes = server.files.get(key)?.slice(from, from + length);
      if (!bytes) return end('refused', '', 404);
      server.corrupt(bytes);
      send(server, bytes, 0, conduct?.silentAfter ?? Infinity);
    };
    const send = (from: SimServer, bytes: Uint8Array, at: number, silentAfter: number): void => {
      const block = blocks.shift();
      if (!block || isOver) return end('done', '', 206);
      if (at >= silentAfter) {
        this.clock.after(silence, () => end('failed', 'No answer in time.'));
        return;
      }
      from.busyUntil = Math.max(from.busyUntil, this.clock.time) + (block.length * 1000) / from.rate;
      this.clock.at(from.busyUntil + this.latency, () => {
        if (isOver) return;
        from.sent += block.length;
        const earlier = store.holds(block.buffer, block.offset, block.length);
        const isThere = store.putOnce(block.buffer, block.offset, bytes.subarray(at, at + block.length));
        if (isThere) landed(block, earlier);
        send(from, bytes, at + block.length, silentAfter);
      });
    };
    if (server) {
      server.running += 1;
      server.mostAtOnce = Math.max(server.mostAtOnce, server.running);
    }
    // The daemon asks no server where it has no buffer for what would come.
    if (isRefused) this.clock.after(1, () => end('failed', 'A buffer is not there.'));
    else this.clock.after(2 * this.latency, answer);
    return () => {
      if (!isOver) close();
    };
  }
}

/** The torrent with a list of web seeds. */
export function withSeeds<T extends { readonly bytes: Uint8Array }>(
  torrent: T,
  urls: readonly string[],
  key: 'url-list' | 'httpseeds' = 'url-list',
): T {
  const list = `l${urls.map(url => `${url.length}:${url}`).join('')}e`;
  const entry = Buffer.from(`${key.length}:${key}${list}`);
  const plain = Buffer.from(torrent.bytes);
  // Keys are in order: that of pieces' servers comes before `info`.
  const cut = key === 'httpseeds' ? plain.indexOf('4:info') : plain.length - 1;
  return { ...torrent, bytes: Uint8Array.from(Buffer.concat([plain.subarray(0, cut), entry, plain.subarray(cut)])) };
}

function cut<P extends { readonly buffer: number; readonly offset: number; readonly length: number }>({
  buffer,
  offset,
  length,
}: P) {
  const blocks = [];
  for (let at = offset; at < offset + length;) {
    const next = Math.min(offset + length, (Math.floor(at / CHUNK) + 1) * CHUNK);
    blocks.push({ buffer, offset: at, length: next - at });
    at = next;
  }
  return blocks;
}
