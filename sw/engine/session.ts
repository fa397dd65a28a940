import { Choker } from './choker.ts';
import type { Candidate } from './choker.ts';
import type { Budget } from './download.ts';
import { readTag } from './download.ts';
import { Ids } from './effects.ts';
import type { Effect } from './effects.ts';
import { EngineError } from './errors.ts';
import type { KeptPiece } from './events.ts';
import type { ConnectionLimits } from './peers.ts';
import type { Peer } from './peer.ts';
import { CONNECTED } from './phase.ts';
import type { Ports, Stream, StreamEvents } from './ports.ts';
import { decodeProgressRecord, decodeTorrentRecord } from './resume.ts';
import { Torrent } from './torrent.ts';
import type { Surroundings } from './torrent.ts';
import { viewDetail, viewTorrent } from './view.ts';
import type { DetailView, TorrentView } from './view.ts';
import { parseMagnet } from './codec/magnet.ts';
import { parseInfo, parseTorrent } from './codec/metainfo.ts';
import { parseHostPort } from './codec/address.ts';
import { decodeHandshake, HANDSHAKE_BYTES } from './codec/peer-wire.ts';
import { MAX_ANNOUNCE_BYTES } from './codec/tracker.ts';
import { makePeerId, toHex } from './model/ids.ts';

/** Pieces in the making, over all torrents: well below what the store allows, so that it never has to pause a socket. */
const MEMORY = 48 << 20;
const MAX_CONNECTIONS = 200;
const MAX_CONNECTING = 30;
/** Connections that have not said which torrent they are for. */
const MAX_UNNAMED = 50;
const MAX_TORRENTS = 10_000;
const TICK = 500;
const SECOND = 1000;
const ANNOUNCE_TIMEOUT = 30_000;
const UNNAMED_TIMEOUT = 10_000;
const LISTEN_PORTS = [6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 0];

export type AddSource = { readonly kind: 'magnet'; readonly uri: string } | { readonly kind: 'file'; readonly bytes: Uint8Array };

interface Unnamed {
  readonly address: string;
  readonly since: number;
  bytes: Uint8Array;
}

/**
 * The one loop that meets the ports: what the world tells goes to the torrent that it concerns, and what that torrent
 * wants done is carried out when it has finished thinking. Nothing here decides about pieces or peers.
 */
export class Session {
  /** The port that peers reach us at; 0 while there is none. */
  listenPort = 0;
  private readonly torrents = new Map<string, Torrent>();
  private readonly streams = new Map<number, Stream>();
  private readonly owners = new Map<number, Torrent>();
  private readonly unnamed = new Map<number, Unnamed>();
  private readonly ids = new Ids();
  private readonly limits: ConnectionLimits = { max: MAX_CONNECTIONS, maxConnecting: MAX_CONNECTING, open: 0, connecting: 0 };
  private readonly budget: Budget = { limit: MEMORY, used: 0 };
  private readonly choker: Choker;
  private readonly around: Surroundings;
  private readonly changed = new Set<Torrent>();
  private removed: string[] = [];
  private readonly waitingEvents: (() => void)[] = [];
  private readonly effects: { torrent: Torrent; effect: Effect }[] = [];
  private busy = false;
  private attached = false;
  private ticking = false;
  private lastSecond = 0;
  private closing: (() => void) | null = null;
  private readonly cancels = new Map<number, () => void>();

  constructor(
    private readonly ports: Ports,
    options: { readonly version: string },
  ) {
    const random = (): number => new DataView(ports.random.bytes(4).slice().buffer).getUint32(0) / 2 ** 32;
    this.choker = new Choker(random);
    this.around = {
      ids: this.ids,
      budget: this.budget,
      limits: this.limits,
      peerId: makePeerId(ports.random.bytes(12)),
      key: Math.floor(random() * 2 ** 31),
      client: `Starling ${options.version}`,
      random,
      wall: () => Math.floor(ports.clock.wall()),
      listenPort: () => this.listenPort,
      interest: (torrent, peer) => this.choker.interested(this.candidate(torrent, peer), this.unchoked),
    };
  }

  /** Once, before anything else: the records of the state store. What cannot be read is logged and left alone. */
  load(records: readonly { readonly key: string; readonly value: Uint8Array }[]): void {
    const byKey = new Map(records.map(({ key, value }) => [key, value]));
    for (const [key, value] of byKey) {
      const id = /^t\/([0-9a-f]{40})\/torrent$/.exec(key)?.[1];
      if (id === undefined || this.torrents.has(id)) continue;
      this.run(() => this.restore(id, value, byKey.get(`t/${id}/progress`)));
    }
  }

  /** Net and store can be used from now on, for the first time or again; `kept` outlived the last connection. */
  attach(kept: readonly KeptPiece[]): void {
    if (this.attached) return;
    this.attached = true;
    this.ids.reserveBuffers(kept.reduce((top, { buffer }) => Math.max(top, buffer), 0));
    const byTorrent = new Map<string, { piece: number; kept: KeptPiece }[]>();
    for (const buffer of kept) {
      const tag = readTag(buffer.tag);
      const id = tag ? toHex(tag.infoHash) : '';
      if (!tag || !this.torrents.has(id)) this.ports.store.drop(buffer.buffer);
      else byTorrent.set(id, [...(byTorrent.get(id) ?? []), { piece: tag.piece, kept: buffer }]);
    }
    this.listen();
    for (const torrent of this.torrents.values()) {
      this.event(torrent, now => torrent.attach(byTorrent.get(torrent.id) ?? [], now));
    }
  }

  /** They are gone. To be called first; what is pending is answered after it. */
  detach(): void {
    if (!this.attached) return;
    this.attached = false;
    this.listenPort = 0;
    for (const torrent of this.torrents.values()) this.event(torrent, now => torrent.detach(now));
    this.streams.clear();
    this.owners.clear();
    this.unnamed.clear();
    this.cancels.clear();
  }

  /** Takes in a magnet or a .torrent, to be started or removed. Throws an EngineError with a message for people. */
  add(source: AddSource): { id: string; already: boolean } {
    return source.kind === 'magnet' ? this.addMagnet(source.uri) : this.addFile(source.bytes);
  }

  start(id: string, wanted: readonly number[] | null, root: string): void {
    const torrent = this.find(id);
    if (torrent.started) return;
    const unwanted = wanted && torrent.meta ? complement(wanted, torrent.meta.layout.files.length) : [];
    this.event(torrent, now => torrent.start(root, unwanted, now));
  }

  pause(id: string): void {
    const torrent = this.find(id);
    this.event(torrent, now => torrent.pause(now));
  }

  resume(id: string): void {
    const torrent = this.find(id);
    this.event(torrent, now => torrent.resume(this.attached, now));
  }

  want(id: string, wanted: readonly number[]): void {
    const torrent = this.find(id);
    const files = torrent.meta?.layout.files.length ?? 0;
    this.event(torrent, now => torrent.want(complement(wanted, files), now));
  }

  /** `withData` also deletes its files; that needs the store. */
  remove(id: string, withData: boolean): void {
    const torrent = this.find(id);
    if (withData && torrent.started && !this.attached) {
      throw new EngineError('daemon-away', 'The files cannot be deleted while the helper is away. Start it, then try again.');
    }
    this.event(torrent, () => torrent.remove());
    this.torrents.delete(id);
    this.changed.delete(torrent);
    this.removed.push(id);
    if (!withData || !torrent.started) return;
    for (const file of torrent.meta?.layout.files ?? []) {
      if (!file.pad) this.perform(torrent, { do: 'deleteFile', root: torrent.root, path: file.path });
    }
  }

  rows(): TorrentView[] {
    const now = this.ports.clock.now();
    return [...this.torrents.values()].map(torrent => viewTorrent(torrent, now));
  }

  /** What changed since the last call. */
  takeChanges(): { rows: TorrentView[]; removed: string[] } {
    const now = this.ports.clock.now();
    const rows = [...this.changed].map(torrent => viewTorrent(torrent, now));
    const removed = this.removed;
    this.changed.clear();
    this.removed = [];
    return { rows, removed };
  }

  detail(id: string): DetailView | null {
    const torrent = this.torrents.get(id);
    return torrent ? viewDetail(torrent, this.ports.clock.now()) : null;
  }

  /** Makes durable what can be, then calls back; the engine must not be used after it. */
  close(done: () => void): void {
    this.closing = done;
    for (const torrent of this.torrents.values()) {
      this.event(torrent, now => {
        if (torrent.phase === 'running') torrent.content?.storage.recordSoon(now - SECOND);
        torrent.tick(now, false);
      });
    }
    this.closeIfIdle();
  }

  private addMagnet(uri: string): { id: string; already: boolean } {
    const magnet = parseMagnet(uri);
    const known = this.torrents.get(magnet.infoHash);
    const torrent = known ?? this.create(magnet.infoHash, magnet.name ?? '');
    this.event(torrent, now => {
      torrent.announcer.add(magnet.trackers.map(url => [url]));
      if (!known)
        torrent.peerSet.named = magnet.peers.map(({ host, port }) =>
          host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
        );
      torrent.peerSet.learn(magnet.peers, now, CONNECTED.has(torrent.phase));
      if (!known && this.attached) torrent.attach([], now);
    });
    return { id: torrent.id, already: torrent.started };
  }

  private addFile(bytes: Uint8Array): { id: string; already: boolean } {
    const meta = parseTorrent(bytes);
    if (meta.v2Only) {
      throw new EngineError(
        'v2-only',
        'This torrent is of the newer kind (v2 only), which is not supported yet. Look for a v1 or hybrid one.',
      );
    }
    const known = this.torrents.get(meta.infoHash);
    const torrent = known ?? this.create(meta.infoHash, meta.name);
    this.event(torrent, now => {
      torrent.announcer.add(meta.trackers);
      torrent.comment ||= meta.comment;
      if (torrent.meta) return;
      if (torrent.phase === 'fetching') torrent.metadataArrived(meta.info);
      else torrent.meta = meta;
      if (!known && this.attached) torrent.attach([], now);
    });
    return { id: torrent.id, already: torrent.started };
  }

  private create(id: string, name: string, addedAt = this.around.wall(), progress: Uint8Array | null = null): Torrent {
    if (this.torrents.size >= MAX_TORRENTS) {
      throw new EngineError('limit', `The list holds ${MAX_TORRENTS} torrents, which is the most it can. Remove some first.`);
    }
    const saved = progress ? decodeProgressRecord(progress) : null;
    const torrent: Torrent = new Torrent(id, name, addedAt, saved, this.around, effect => this.effects.push({ torrent, effect }));
    this.torrents.set(id, torrent);
    return torrent;
  }

  private restore(id: string, value: Uint8Array, progress: Uint8Array | undefined): void {
    const record = decodeTorrentRecord(value);
    if (!record) {
      this.ports.log('error', `the record of torrent ${id} cannot be read; it is left as it is`);
      return;
    }
    const torrent = this.create(id, record.name, record.addedAt, progress ?? null);
    torrent.announcer.add(record.trackers);
    torrent.peerSet.named = [...record.peers];
    const peers = record.peers.map(peer => parseHostPort(peer)).filter(peer => peer !== null);
    torrent.peerSet.learn(peers, this.ports.clock.now(), false);
    try {
      torrent.restore(record, record.info ? { ...parseInfo(record.info, id), trackers: torrent.announcer.urls } : null);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.torrents.delete(id);
      this.ports.log('error', `the record of torrent ${id} cannot be read: ${error.message}`);
      return;
    }
    this.changed.add(torrent);
  }

  private find(id: string): Torrent {
    const torrent = this.torrents.get(id);
    if (!torrent) throw new EngineError('no-such-torrent', 'This torrent is not in the list any more.');
    return torrent;
  }

  // Events in, effects out

  /** Lets a torrent handle something, then does what it wants done. */
  private event(torrent: Torrent, handle: (now: number) => void): void {
    this.run(() => {
      this.changed.add(torrent);
      handle(this.ports.clock.now());
      if (torrent.phase === 'removed') this.changed.delete(torrent);
    });
  }

  /** One thing at a time: what a port answers on the spot waits until the handler that asked is through. */
  private run(action: () => void): void {
    this.waitingEvents.push(action);
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.waitingEvents.shift(); next; next = this.waitingEvents.shift()) {
        next();
        for (const { torrent, effect } of this.effects.splice(0)) this.perform(torrent, effect);
      }
    } finally {
      this.busy = false;
    }
    this.schedule();
    this.closeIfIdle();
  }

  private perform(torrent: Torrent, effect: Effect): void {
    const { store, state, http, log, net } = this.ports;
    switch (effect.do) {
      case 'connect': {
        this.owners.set(effect.conn, torrent);
        this.streams.set(effect.conn, net.connect(effect.host, effect.port, this.streamEvents(effect.conn)));
        return;
      }
      case 'send':
        return this.streams.get(effect.conn)?.send(effect.bytes);
      case 'credit':
        return this.streams.get(effect.conn)?.credit(effect.bytes);
      case 'framed':
        return this.streams.get(effect.conn)?.framed(effect.maxFrame, effect.back);
      case 'expect':
        return this.streams.get(effect.conn)?.expect(effect.buffer, effect.prefix, effect.runs);
      case 'unexpect':
        return this.streams.get(effect.conn)?.unexpect(effect.buffer, effect.prefix, effect.runs);
      case 'discard':
        return this.streams.get(effect.conn)?.discard(effect.prefix);
      case 'sendSpans':
        return this.streams.get(effect.conn)?.sendSpans(effect.send, effect.header, effect.spans);
      case 'cancelSend':
        return this.streams.get(effect.conn)?.cancelSend(effect.send);
      case 'close': {
        const stream = this.streams.get(effect.conn);
        this.streams.delete(effect.conn);
        this.owners.delete(effect.conn);
        return stream?.close();
      }
      case 'openFile':
        return store.openFile(effect.file, effect.root, effect.path, effect.size, effect.create, (problem, size, mtime) =>
          this.event(torrent, now => torrent.fileOpened(effect.file, problem, size, mtime, now)),
        );
      case 'closeFile':
        return store.closeFile(effect.file);
      case 'sync':
        return store.sync(effect.files, (problem, stat) => this.event(torrent, now => torrent.synced(problem, stat, now)));
      case 'deleteFile':
        return store.deleteFile(effect.root, effect.path, problem => {
          if (problem !== null && problem !== 'gone') log('warn', `${effect.path.join('/')} could not be deleted: ${problem}`);
        });
      case 'begin':
        return store.begin(effect.buffer, effect.length, effect.tag, effect.spans);
      case 'put':
        return store.put(effect.buffer, effect.offset, effect.bytes);
      case 'commit':
        return store.commit(effect.buffer, effect.digests, (status, problem) =>
          this.event(torrent, now => torrent.committed(effect.buffer, status, problem, now)),
        );
      case 'acknowledge':
        return store.acknowledge(effect.buffer);
      case 'reset':
        return store.reset(effect.buffer, effect.ranges);
      case 'drop':
        return store.drop(effect.buffer);
      case 'verify':
        return store.verify(effect.items, verdicts => this.event(torrent, now => torrent.verified(effect.pieces, verdicts, now)));
      case 'record':
        return state.write([{ key: `t/${torrent.id}/${effect.kind}`, value: effect.value }], problem =>
          this.event(torrent, now => torrent.recorded(effect.kind, problem, now)),
        );
      case 'announce': {
        const cancel = http.get(effect.url, MAX_ANNOUNCE_BYTES, ANNOUNCE_TIMEOUT, (problem, status, body) => {
          this.cancels.delete(effect.request);
          this.event(torrent, now => {
            const peers = torrent.announcer.answered(effect.request, problem, status, body, now);
            torrent.peerSet.learn(peers, now, CONNECTED.has(torrent.phase));
          });
        });
        this.cancels.set(effect.request, cancel);
        return;
      }
      case 'cancelAnnounce':
        this.cancels.get(effect.request)?.();
        this.cancels.delete(effect.request);
        return;
      case 'log':
        return log(effect.level, effect.text);
      default:
        effect satisfies never;
    }
  }

  private streamEvents(conn: number): StreamEvents {
    const tell = (handle: (torrent: Torrent, now: number) => void): void => {
      const torrent = this.owners.get(conn);
      if (torrent) this.event(torrent, now => handle(torrent, now));
    };
    return {
      opened: address => tell((torrent, now) => torrent.peerSet.opened(conn, address, now)),
      received: bytes => {
        if (this.owners.has(conn)) tell((torrent, now) => torrent.peerSet.received(conn, bytes, now));
        else this.run(() => this.introduce(conn, bytes));
      },
      landed: (buffer, offset, length) =>
        tell((torrent, now) => {
          const peer = torrent.peers.get(conn);
          torrent.at(now);
          if (peer) torrent.content?.downloader.landed(peer, buffer, offset, length, now);
        }),
      discarded: length => tell((torrent, now) => torrent.peerSet.discarded(conn, length, now)),
      sent: (send, ok) =>
        tell((torrent, now) => {
          const peer = torrent.peers.get(conn);
          if (peer) torrent.content?.uploader.sent(peer, send, ok, now);
        }),
      closed: () => {
        tell((torrent, now) => torrent.peerSet.closed(conn, now));
        this.run(() => {
          this.streams.delete(conn);
          this.owners.delete(conn);
          this.unnamed.delete(conn);
        });
      },
    };
  }

  // Connections that come to us

  private listen(): void {
    this.ports.net.listen(
      LISTEN_PORTS,
      port => {
        this.listenPort = port;
        if (port === 0) this.ports.log('warn', 'no port could be opened for peers to connect to');
      },
      (address, open) => this.run(() => this.welcome(address, open)),
    );
  }

  private welcome(address: string, open: (events: StreamEvents) => Stream): void {
    const conn = this.ids.conn();
    const stream = open(this.streamEvents(conn));
    if (this.unnamed.size >= MAX_UNNAMED || this.limits.open >= this.limits.max) {
      stream.close();
      return;
    }
    this.streams.set(conn, stream);
    this.unnamed.set(conn, { address, since: this.ports.clock.now(), bytes: new Uint8Array(0) });
    stream.credit(HANDSHAKE_BYTES);
  }

  /** The first bytes of such a connection: they name the torrent. */
  private introduce(conn: number, bytes: Uint8Array): void {
    const unnamed = this.unnamed.get(conn);
    if (!unnamed) return;
    unnamed.bytes = Uint8Array.from([...unnamed.bytes, ...bytes]);
    if (unnamed.bytes.length < HANDSHAKE_BYTES) return;
    this.unnamed.delete(conn);
    const handshake = decodeHandshake(unnamed.bytes);
    const torrent = handshake ? this.torrents.get(toHex(handshake.infoHash)) : undefined;
    if (!handshake || !torrent || !CONNECTED.has(torrent.phase)) {
      this.refuse(conn);
      return;
    }
    this.owners.set(conn, torrent);
    this.event(torrent, now => {
      if (torrent.peerSet.accept(conn, unnamed.address, handshake, now)) return;
      this.owners.delete(conn);
      this.refuse(conn);
    });
  }

  private refuse(conn: number): void {
    this.streams.get(conn)?.close();
    this.streams.delete(conn);
    this.unnamed.delete(conn);
  }

  // Time

  private schedule(): void {
    if (this.ticking || !this.attached) return;
    const idle = this.unnamed.size === 0 && [...this.torrents.values()].every(torrent => torrent.isIdle);
    if (idle) return;
    this.ticking = true;
    this.ports.clock.wake(this.ports.clock.now() + TICK, () => {
      this.ticking = false;
      this.tick();
    });
  }

  private tick(): void {
    const now = this.ports.clock.now();
    const second = now - this.lastSecond >= SECOND - TICK / 4;
    if (second) this.lastSecond = now;
    for (const torrent of this.torrents.values()) {
      if (torrent.isIdle) continue;
      if (second && torrent.peers.size > 0) this.changed.add(torrent);
      this.run(() => torrent.tick(now, second));
    }
    if (second) this.run(() => this.choker.tick(this.candidates(), now));
    for (const [conn, { since }] of this.unnamed) if (now - since > UNNAMED_TIMEOUT) this.refuse(conn);
    this.schedule();
  }

  private candidates(): Candidate[] {
    const candidates: Candidate[] = [];
    for (const torrent of this.torrents.values()) {
      if (torrent.phase !== 'running') continue;
      for (const peer of torrent.peers.values()) if (peer.stage === 'open') candidates.push(this.candidate(torrent, peer));
    }
    return candidates;
  }

  private candidate(torrent: Torrent, peer: Peer): Candidate {
    return {
      peer,
      seeding: torrent.content?.isComplete ?? false,
      setChoking: choking => {
        const now = this.ports.clock.now();
        if (torrent.phase !== 'running' || peer.stage !== 'open' || peer.amChoking === choking) return;
        peer.setChoking(choking, now);
        if (choking) torrent.content?.uploader.choked(peer, now);
      },
    };
  }

  private get unchoked(): number {
    let count = 0;
    for (const torrent of this.torrents.values()) {
      for (const peer of torrent.peers.values()) if (peer.stage === 'open' && !peer.amChoking) count += 1;
    }
    return count;
  }

  private closeIfIdle(): void {
    if (!this.closing) return;
    for (const torrent of this.torrents.values()) if (!(torrent.content?.storage.idle ?? true) && this.attached) return;
    const done = this.closing;
    this.closing = null;
    done();
  }
}

function complement(indexes: readonly number[], count: number): number[] {
  const set = new Set(indexes);
  return Array.from({ length: count }, (_, index) => index).filter(index => !set.has(index));
}
