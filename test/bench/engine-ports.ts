/** Ports that cost next to nothing, so that what is measured is the engine: peers that have what is asked, a disk that agrees. */
import { createHash } from 'node:crypto';
import bencode from 'bencode';
import type { Ports, Stream, StreamEvents } from '../../sw/engine/ports.ts';
import { encodeHandshake, encodeMessage } from '../../sw/engine/codec/peer-wire.ts';

const BLOCK = 16_384;

export interface Asked {
  readonly buffer: number;
  readonly offset: number;
  readonly length: number;
}

/** A peer that has some or all of the torrent, unchokes at once, and sends what it is asked for when told to. */
export class BenchPeer {
  /** What it was asked for and has not sent. */
  readonly asked: Asked[] = [];
  private at = 0;

  constructor(
    readonly events: StreamEvents,
    private readonly infoHash: Uint8Array,
    private readonly name: string,
    private readonly has: Uint8Array | null,
  ) {}

  open(): void {
    this.events.opened(this.name);
    const peerId = createHash('sha1').update(this.name).digest();
    this.events.received(
      encodeHandshake({
        infoHash: this.infoHash,
        peerId: new Uint8Array(peerId),
        fast: true,
        extended: false,
        dht: false,
        v2: false,
      }),
    );
    const pieces = this.has ? ({ type: 'bitfield', bytes: this.has } as const) : ({ type: 'haveAll' } as const);
    this.events.received(encodeMessage(pieces).subarray(4));
    this.events.received(encodeMessage({ type: 'unchoke' }).subarray(4));
  }

  /** Sends one block, if any is asked for. */
  sendBlock(): boolean {
    const block = this.asked[this.at];
    if (!block) return false;
    this.at += 1;
    if (this.at === 4096) {
      this.asked.splice(0, this.at);
      this.at = 0;
    }
    this.events.landed(block.buffer, block.offset, block.length, false);
    return true;
  }
}

export class BenchWorld {
  now = 1_000_000;
  readonly records = new Map<string, Uint8Array>();
  /** Answers of the ports, given when the engine is through with what it does. */
  private readonly answers: (() => void)[] = [];
  private woken: { at: number; run: () => void } | null = null;
  readonly peers: BenchPeer[] = [];
  private readonly sizes = new Map<number, number>();

  constructor(
    /** Whether the files are there, with all that belongs into them. */
    private readonly filled: boolean,
    private readonly peerAt: (host: string, events: StreamEvents) => BenchPeer | null,
  ) {}

  readonly ports: Ports = {
    clock: {
      now: () => this.now,
      wall: () => 1.7e12 + this.now,
      offset: () => 0,
      wake: (at, run) => (this.woken = { at, run }),
    },
    random: { bytes: count => Uint8Array.from({ length: count }, () => Math.floor(Math.random() * 256)) },
    readers: { hear: () => undefined, readable: () => undefined },
    net: {
      connect: (host, _port, events) => {
        const peer = this.peerAt(host, events);
        if (!peer) return deaf();
        this.peers.push(peer);
        this.answers.push(() => peer.open());
        return {
          ...deaf(),
          expect: (buffer, _prefix, runs) => {
            for (const { offset, length } of runs) {
              for (let at = 0; at < length; at += BLOCK)
                peer.asked.push({ buffer, offset: offset + at, length: Math.min(BLOCK, length - at) });
            }
          },
        };
      },
      listen: (ports, bound) => bound(ports[0] ?? 0),
      limit: ignore,
      unlimit: ignore,
    },
    datagrams: {
      bind: (_family, port, bound) => {
        this.answers.push(() => bound(port));
        return { send: ignore, join: ignore, utp: ignore, close: ignore };
      },
      lookup: ignore,
    },
    portMapper: { map: ignore },
    sockets: { open: () => ({ send: ignore, close: ignore }) },
    rtc: {
      isOpen: false,
      watch: ignore,
      offer: () => ({ answered: ignore, close: ignore }),
      answer: () => ({ answered: ignore, close: ignore }),
    },
    store: {
      backed: 8 << 20,
      openFile: (file, _root, _path, size, create, _allocate, done) =>
        this.answers.push(() => {
          this.sizes.set(file, size);
          if (this.filled) done(null, size, 5);
          else done(create ? null : 'gone', 0, 5);
        }),
      closeFile: ignore,
      sync: (files, done) =>
        this.answers.push(() => done(null, new Map(files.map(file => [file, { size: this.sizes.get(file) ?? 0, mtime: 5 }])))),
      copy: (_from, _to, _offset, done) => this.answers.push(() => done(null)),
      moveFile: (_from, _to, size, done) => this.answers.push(() => done(null, { size, mtime: 5 })),
      deleteFile: ignore,
      begin: ignore,
      park: (_buffer, done) => this.answers.push(() => done([])),
      onRefused: ignore,
      put: ignore,
      commit: (_buffer, _digests, _wantBlocks, done) => this.answers.push(() => done('ok', null, new Uint8Array(0))),
      acknowledge: ignore,
      reset: ignore,
      drop: ignore,
      leaves: (_spans, done) => this.answers.push(() => done(new Uint8Array(0))),
      verify: (items, done) => this.answers.push(() => done(items.map(() => true))),
    },
    state: {
      write: (writes, done) => {
        for (const { key, value } of writes) if (value) this.records.set(key, value);
        this.answers.push(() => done(''));
      },
      read: (key, done) => this.answers.push(() => done('', this.records.get(key) ?? null)),
    },
    http: { get: () => ignore },
    web: { land: () => ignore },
    log: ignore,
  };

  /** Lets so much time pass, with its ticks and all answers. */
  pass(ms: number): void {
    const end = this.now + ms;
    this.settle();
    for (let woken = this.woken; woken && woken.at <= end; woken = this.woken) {
      this.woken = null;
      this.now = Math.max(this.now, woken.at);
      woken.run();
      this.settle();
    }
    this.now = end;
  }

  settle(): void {
    for (let next = this.answers.shift(); next; next = this.answers.shift()) next();
  }
}

const ignore = (): void => undefined;

function deaf(): Stream {
  return {
    send: ignore,
    credit: ignore,
    framed: ignore,
    cipher: ignore,
    expect: ignore,
    unexpect: ignore,
    discard: ignore,
    sendSpans: ignore,
    cancelSend: ignore,
    join: ignore,
    close: ignore,
  };
}

/** A torrent of that many pieces, and files, with hashes that the benches' store takes for right. */
export function benchTorrent(
  name: string,
  pieces: number,
  pieceLength: number,
  files = 1,
): { bytes: Uint8Array; infoHash: Uint8Array } {
  const hashes = new Uint8Array(pieces * 20);
  new DataView(hashes.buffer).setUint32(0, pieces);
  const each = Math.floor((pieces * pieceLength) / files);
  const list = Array.from({ length: files }, (_, file) => ({
    length: each,
    path: [`Folder ${file % 100}`, `A file of about so long a name ${file}`],
  }));
  const info = { ...(files === 1 ? { length: each } : { files: list }), name, 'piece length': pieceLength, pieces: hashes };
  const infoHash = createHash('sha1').update(bencode.encode(info)).digest();
  return { bytes: Uint8Array.from(bencode.encode({ info })), infoHash: Uint8Array.from(infoHash) };
}
