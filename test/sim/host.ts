import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import bencode from 'bencode';
import { Session } from '../../sw/engine/index.ts';
import type { PortMappings, PortWish } from '../../sw/engine/events.ts';
import { familyOf } from '../../sw/engine/codec/address.ts';
import type { Family } from '../../sw/engine/codec/address.ts';
import { SimReaders } from './readers.ts';
import type { Ports, Web } from '../../sw/engine/ports.ts';
import { seeded, VirtualClock } from './clock.ts';
import { SimDatagrams } from './datagrams.ts';
import { Disk } from './disk.ts';
import { SimStore } from './store.ts';
import { addressOf, SimInternet } from './internet.ts';
import type { Line } from './internet.ts';
import { SimNet } from './net.ts';
import { SimRtc } from './rtc.ts';
import type { SimDescriptions } from './rtc.ts';
import { SimWeb } from './web.ts';
import type { SimServer } from './web.ts';
import { SimSockets, type SimWsTracker } from './ws-tracker.ts';

export const ROOT = 'downloads';
/** Ms by which engines are woken late: with a fraction, as of a real timer, no time is a whole number. */
const LATE = 0.3;

const NO_ROUTER: PortMappings = {
  state: 'failed',
  via: '',
  externalAddress: '',
  problem: 'no-router',
  mappings: [],
  pinholes: { state: 'none', via: '', address: '' },
};

/** A virtual world: one clock, one internet, one tracker that knows everybody who announced. */
export class World {
  readonly clock = new VirtualClock();
  readonly internet = new SimInternet(this.clock);
  /** What addresses lead to, beside trackers. */
  readonly documents = new Map<string, Uint8Array>();
  /** Web servers by host. */
  readonly web = new Map<string, SimServer>();
  readonly tracker = new Map<string, { host: string; port: number }>();
  /** Trackers over WebSocket, by address. */
  readonly wsTrackers = new Map<string, SimWsTracker>();
  /** Connections over WebRTC in the making. */
  readonly rtc: SimDescriptions = new Map();
  announces = 0;
  /** What HTTP trackers were told, in order. */
  readonly announced: { readonly host: string; readonly event: string; readonly who: string }[] = [];
  /** Over these addresses HTTP trackers do not answer. */
  brokenFamily: Family | null = null;
  /** Ms that the wall clock was set forward. */
  wallJump = 0;
  /** Minutes that local time is ahead of UTC at a moment. */
  offset: (wall: number) => number = () => 0;
  /** Peers that the tracker names at most. */
  trackerNames = 100;
  readonly random: () => number;
  constructor(readonly seed: number) {
    this.internet.names.set('tracker', ['10.255.255.1']);
    this.random = seeded(seed);
  }

  get wall(): number {
    return 1.7e12 + Math.floor(this.clock.time) + this.wallJump;
  }

  /** Up to so many of those who announced, drawn by chance. */
  peersFor(name: string, count: number): { host: string; port: number }[] {
    const others = [...this.tracker.values()].filter(
      ({ host }) => host !== name && familyOf(host) === familyOf(name) && this.internet.joined(name, host),
    );
    for (let index = 0; index < Math.min(count, others.length - 1); index++) {
      const drawn = index + Math.floor(this.random() * (others.length - index));
      [others[index], others[drawn]] = [others[drawn]!, others[index]!];
    }
    return others.slice(0, count);
  }

  host(name: string, line: Partial<Line> = {}): SimHost {
    return new SimHost(this, name, { latency: 10, rate: 10e6, ...line });
  }

  /** A browser by itself: WebRTC, WebSockets and what the web serves are all that it has. A window lends. */
  browser(name: string, line: Partial<Line> = {}): SimHost {
    const host = new SimHost(this, name, { latency: 10, rate: 10e6, ...line }, true);
    host.rtc.lend();
    return host;
  }
}

/** One computer: a disk and a state store that outlive its engines, and the engine that runs now. */
export class SimHost {
  readonly disk = new Disk();
  readonly records = new Map<string, Uint8Array>();
  readonly log: string[] = [];
  /** Who reads its files while they come. */
  readonly readers: SimReaders;
  /** Why the state store takes nothing just now; empty while it does. */
  stateProblem = '';
  /** Records whose keys end so are refused; empty for none. */
  refuses = '';
  /** Ms until the state store answers what it is asked for; one that throws is broken. */
  stateDelay: (what: 'write' | 'read') => number = () => 2;
  /** Whether nobody looks at its next engine. */
  isUnwatched = false;
  store: SimStore;
  net: SimNet;
  datagrams: SimDatagrams;
  /** What its router makes of a wish for ports, and all that was wished for so far. */
  router: (wishes: readonly PortWish[]) => PortMappings = () => NO_ROUTER;
  readonly mapped: (readonly PortWish[])[] = [];
  sockets: SimSockets;
  readonly rtc: SimRtc;
  session: Session;
  private wakes = 0;
  private readonly grave: SimStore;

  constructor(
    readonly world: World,
    readonly name: string,
    readonly line: Line,
    /** It has no sockets of a computer. */
    private readonly isBrowser = false,
  ) {
    this.readers = new SimReaders(world.clock, this);
    this.store = new SimStore(world.clock, this.disk);
    this.grave = new SimStore(world.clock, new Disk());
    this.net = new SimNet(world.internet, name, line, this.store);
    this.datagrams = this.plug();
    this.sockets = new SimSockets(world.clock, world.wsTrackers, name, line.latency);
    this.rtc = new SimRtc(world.clock, name, line.latency, world.rtc, () => this.net);
    this.session = this.boot();
    this.session.attach([]);
  }

  /** The engine is killed and another one starts; the daemon with its buffers stays. */
  restart(): void {
    this.net.drop();
    this.datagrams.drop();
    this.sockets.drop();
    this.rtc.drop();
    this.store.disconnect();
    const kept = this.store.kept();
    this.wakes += 1;
    this.session = this.boot();
    this.session.attach(kept);
  }

  /** The engine makes durable what can be, and the next goes on, as when the last window closes or the first opens. */
  handOver(): void {
    const life = this.wakes;
    this.session.close(() => {
      if (life === this.wakes) this.restart();
    });
  }

  /** The computer loses its power and starts again: the engine, the daemon and what was not flushed are gone. */
  powerCut(survives: () => number): void {
    this.net.drop();
    this.datagrams.drop();
    this.sockets.drop();
    this.rtc.drop();
    this.store.away = true;
    this.disk.powerCut(survives);
    this.wakes += 1;
    this.store = new SimStore(this.world.clock, this.disk);
    this.net = new SimNet(this.world.internet, this.name, this.line, this.store);
    this.datagrams = this.plug();
    this.session = this.boot();
    this.session.attach([]);
  }

  /** It leaves for good, without a word. */
  vanish(): void {
    this.wakes += 1;
    this.net.drop();
    this.datagrams.drop();
    this.sockets.drop();
    this.rtc.drop();
    this.store.away = true;
    this.world.tracker.delete(this.name);
  }

  /** The daemon dies and comes back: buffers are lost, the engine stays. */
  crashDaemon(): void {
    this.session.detach();
    this.net.drop();
    this.datagrams.drop();
    this.store.away = true;
    this.store = new SimStore(this.world.clock, this.disk);
    this.net = new SimNet(this.world.internet, this.name, this.line, this.store);
    this.datagrams = this.plug();
    this.session.attach([]);
  }

  file(path: string): Uint8Array | undefined {
    const file = this.disk.files.get(`${ROOT}/${path}`);
    return file?.bytes.subarray(0, file.size);
  }

  /** "" where it has none of that family. */
  address(family: 4 | 6): string {
    return addressOf(this.name, this.line, family);
  }

  private plug(): SimDatagrams {
    const [four, six] = [this.address(4), this.address(6)];
    return new SimDatagrams(this.world.internet, four, this.line, seeded(this.world.seed ^ 0x5eed), six);
  }

  private boot(): Session {
    const session = new Session(this.ports(), { version: '0.0.0', isUnwatched: this.isUnwatched });
    session.load([...this.records].map(([key, value]) => ({ key, value })));
    return session;
  }

  private web(mine: (run: () => void) => () => void): Web {
    const { clock, web } = this.world;
    const sim = new SimWeb(clock, web, () => this.store, this.line.latency);
    return {
      land: (request, landed, ended) =>
        sim.land(
          request,
          (place, earlier) => mine(() => landed(place, earlier))(),
          end => mine(() => ended(end))(),
        ),
    };
  }

  private ports(): Ports {
    const { clock, internet } = this.world;
    const random = seeded(
      this.world.seed ^ Buffer.from(createHash('sha1').update(`${this.name}${this.wakes}`).digest()).readUInt32BE(0),
    );
    const life = this.wakes;
    const mine = (run: () => void) => (): void => {
      if (life === this.wakes) run();
    };
    // The store and the net are looked up at each call: a crash of the daemon replaces them.
    const host = this;
    return {
      clock: {
        now: () => clock.time,
        wall: () => this.world.wall,
        offset: wall => this.world.offset(wall),
        wake: (at, callback) => void clock.at(at + LATE, mine(callback)),
      },
      random: { bytes: count => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)) },
      get net() {
        return host.net;
      },
      get datagrams() {
        return host.isBrowser ? null : host.datagrams;
      },
      sockets: this.sockets,
      rtc: this.rtc,
      readers: this.readers,
      // An engine that has ended does nothing more, whatever it still hears.
      get store() {
        return life === host.wakes ? host.store : host.grave;
      },
      portMapper: host.isBrowser
        ? null
        : {
            map: (wishes, told) => {
              this.mapped.push(wishes);
              clock.after(
                this.line.latency,
                mine(() => told(this.router(wishes))),
              );
            },
          },
      state: {
        write: (writes, done) => {
          clock.after(
            this.stateDelay('write'),
            mine(() => {
              if (this.stateProblem !== '') return done(this.stateProblem);
              if (this.refuses !== '' && writes.some(({ key }) => key.endsWith(this.refuses))) return done('It is refused.');
              for (const { key, value } of writes) {
                if (value) this.records.set(key, value);
                else this.records.delete(key);
              }
              done('');
            }),
          );
        },
        read: (key, done) => {
          clock.after(
            this.stateDelay('read'),
            mine(() => (this.stateProblem === '' ? done('', this.records.get(key) ?? null) : done(this.stateProblem, null))),
          );
        },
      },
      web: this.web(mine),
      http: {
        get: (url, family, _maxBytes, _timeout, done) =>
          clock.after(
            this.line.latency,
            mine(() => {
              const document = this.world.documents.get(url);
              if (document) return done('', 200, document);
              if (!url.startsWith('http://tracker')) return done('', 404, new Uint8Array(0));
              const host = this.address(family ?? 4);
              if (host === '' || this.world.brokenFamily === family) return done('No answer in time.', 0, new Uint8Array(0));
              const query = new URL(url).searchParams;
              if (new URL(url).pathname === '/scrape') {
                const hash = unescape(/info_hash=([^&]*)/.exec(url)?.[1] ?? '');
                const counts = `d8:completei${this.world.tracker.size}e10:incompletei0ee`;
                return done('', 200, Buffer.from(`d5:filesd${hash.length}:${hash}${counts}ee`, 'latin1'));
              }
              this.world.announces += 1;
              const [, id, key] = /peer_id=([^&]*).*&key=([^&]*)/.exec(url) ?? [];
              this.world.announced.push({ host: this.name, event: query.get('event') ?? '', who: `${id} ${key}` });
              if (query.get('event') === 'stopped') this.world.tracker.delete(host);
              else this.world.tracker.set(host, { host, port: Number(query.get('port')) });
              const peers = this.world.peersFor(host, Math.min(this.world.trackerNames, Number(query.get('numwant'))));
              const body = bencode.encode({ interval: 1800, peers: peers.map(({ host: ip, port }) => ({ ip, port })) });
              done('', 200, body);
            }),
          ),
      },
      log: (level, text) => {
        this.log.push(`${level} ${text}`);
        void internet;
      },
    };
  }
}

/** A torrent of seeded bytes: `files` are their lengths by path. Paths in `.pad/` are padding (BEP 47). `more` goes into its info. */
export function makeTorrent(files: Readonly<Record<string, number>>, pieceLength: number, seed: number, more: object = {}) {
  const random = seeded(seed);
  const contents = new Map<string, Uint8Array>();
  for (const [path, length] of Object.entries(files)) {
    contents.set(path, isPad(path) ? new Uint8Array(length) : randomBytes(length, random));
  }
  const all = Buffer.concat([...contents.values()]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < all.length; at += pieceLength) {
    pieces.push(
      createHash('sha1')
        .update(all.subarray(at, at + pieceLength))
        .digest(),
    );
  }
  const names = Object.keys(files);
  const single = names.length === 1;
  const info = {
    name: single ? names[0] : 'folder',
    'piece length': pieceLength,
    pieces: Buffer.concat(pieces),
    ...more,
    ...(single
      ? { length: all.length }
      : { files: names.map(path => ({ length: files[path], path: path.split('/'), ...(isPad(path) ? { attr: 'p' } : {}) })) }),
  };
  const bytes = Uint8Array.from(bencode.encode({ announce: 'http://tracker/announce', info }));
  const id = createHash('sha1').update(bencode.encode(info)).digest('hex');
  const onDisk = new Map(
    [...contents].filter(([path]) => !isPad(path)).map(([path, content]) => [single ? path : `folder/${path}`, content]),
  );
  return { bytes, id, contents: onDisk, size: all.length };
}

function randomBytes(length: number, random: () => number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index++) words[index] = random() * 2 ** 32;
  return new Uint8Array(words.buffer, 0, length);
}

/** Puts the torrent's files on the host's disk, and seeds them. */
export function seedOn(host: SimHost, torrent: Pick<ReturnType<typeof makeTorrent>, 'bytes' | 'id' | 'contents'>): void {
  for (const [path, content] of torrent.contents) {
    host.disk.files.set(`${ROOT}/${path}`, { bytes: content.slice(), size: content.length, mtime: 5 });
  }
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
}

/** Takes the torrent in, and downloads it. */
export function leechOn(host: SimHost, torrent: Pick<ReturnType<typeof makeTorrent>, 'bytes' | 'id'>): void {
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
}

/** Hosts that it has banned, each once. */
export function bannedBy(host: SimHost): string[] {
  return [...new Set(host.log.flatMap(line => /(\S+):\d+ dropped: banned/.exec(line)?.[1] ?? []))];
}

/** Every file of the torrent is there, byte for byte. */
export function expectAll(host: SimHost, torrent: Pick<ReturnType<typeof makeTorrent>, 'bytes' | 'id' | 'contents'>): void {
  for (const [path, content] of torrent.contents) {
    assert.equal(Buffer.compare(host.file(path) ?? Buffer.alloc(0), content), 0, `${host.name}: ${path}`);
  }
}

export function stateOf(host: SimHost, id: string): string {
  return host.session.rows().find(row => row.id === id)?.state ?? 'absent';
}

export function isSeeding(host: SimHost, id: string): () => boolean {
  return () => stateOf(host, id) === 'seeding';
}

function isPad(path: string): boolean {
  return path.startsWith('.pad/');
}
