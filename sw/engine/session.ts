import { Candidates } from './candidates.ts';
import { Choker } from './choker.ts';
import type { Budget } from './assembly.ts';
import { readTag } from './piece-tag.ts';
import { Ids } from './effects.ts';
import { EngineError } from './errors.ts';
import type { KeptPiece } from './events.ts';
import { ConnectionLimits } from './connection-limits.ts';
import type { Ports } from './ports.ts';
import { drawing } from './chance.ts';
import { relabel } from './options.ts';
import type { TorrentOptions } from './options.ts';
import { DHT_RECORD, UdpSockets } from './datagrams.ts';
import { Incoming } from './incoming.ts';
import { Intake } from './intake.ts';
import type { AddSource } from './intake.ts';
import { Loop } from './loop.ts';
import { LsdSockets } from './lsd-sockets.ts';
import { PortMapping } from './port-mapping.ts';
import { OwnEnd } from './own-end.ts';
import { allPriorities, changed, shownFiles } from './priorities.ts';
import type { FilePriority } from './priorities.ts';
import { slotsWithin } from './limits.ts';
import { Rates } from './rates.ts';
import { Registry } from './registry.ts';
import type { Torrent } from './torrent.ts';
import { readTiers } from './tiers.ts';
import { NO_RTC, Trackers, wsTrackers } from './trackers.ts';
import { Turns } from './turns.ts';
import type { MoveTo } from './order.ts';
import { decodeSettings, DEFAULT_SETTINGS, encodeSettings, SETTINGS_KEY } from './settings.ts';
import type { Settings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';
import { viewDetail, viewTorrent } from './view.ts';
import type { DetailView, TorrentView } from './view.ts';
import type { Family } from './codec/address.ts';
import { makePeerId, toHex } from './model/ids.ts';

/** Pieces in the making, over all torrents: below what the store allows, so that it never has to pause a socket. */
const MEMORY = 64 << 20;
const MAX_CONNECTING = 30;
/** Requests to web seeds: half of what the daemon takes, so that trackers are heard as well. */
const MAX_FETCHES = 32;
const TICK = 500;
const SECOND = 1000;
/** Ms that closing may take: what is not recorded by then is verified by the next engine. */
const CLOSE_WITHIN = 3000;

/**
 * The one loop that meets the ports: what the world tells goes to the torrent that it concerns, and what that torrent
 * wants done is carried out when it has finished thinking. Nothing here decides about pieces or peers.
 */
export class Session {
  private readonly torrents = new Registry<Torrent>();
  private readonly ids = new Ids();
  private readonly limits = new ConnectionLimits(DEFAULT_SETTINGS.maxConnections, MAX_CONNECTING);
  private readonly budget: Budget = { limit: MEMORY, used: 0 };
  private readonly choker: Choker;
  private readonly candidates: Candidates;
  private readonly loop: Loop;
  private readonly own: OwnEnd;
  private readonly incoming: Incoming;
  private readonly sockets: UdpSockets;
  readonly mapping: PortMapping;
  private readonly local: LsdSockets;
  private readonly trackers: Trackers;
  private readonly intake: Intake;
  private readonly turns: Turns;
  private readonly rates: Rates;
  private readonly changed = new Set<Torrent>();
  private removed: string[] = [];
  settings: Settings = DEFAULT_SETTINGS;
  private attached = false;
  private ticking = false;
  private lastSecond = 0;
  private closing: (() => void) | null = null;
  private closeBy = 0;

  constructor(
    private readonly ports: Ports,
    options: { readonly version: string },
  ) {
    const random = drawing(ports.random);
    this.choker = new Choker(random, () => slotsWithin(this.rates.inForce.up, this.settings.maxUploads));
    this.candidates = new Candidates(
      () => this.torrents.values(),
      () => ports.clock.now(),
    );
    this.loop = new Loop(ports, {
      touched: torrent => {
        if (this.torrents.get(torrent.id) === torrent) this.changed.add(torrent);
      },
      joined: (torrent, conn) => this.rates.joined(torrent, conn),
      downGroup: torrent => this.rates.groupOf(torrent, 'down'),
      settled: () => {
        this.schedule();
        this.closeIfIdle();
      },
      introduced: (conn, bytes) => this.incoming.introduce(conn, bytes),
      sourced: (torrent, url, problem, body) => this.intake.sourced(torrent, url, problem, body),
      announce: (url, announce, done) => this.trackers.announce(url, announce, ports.clock.now(), done),
      scrape: (url, infoHash, done) => this.trackers.scrape(url, infoHash, ports.clock.now(), done),
    });
    this.rates = new Rates(this.loop, ports.clock, () => this.settings);
    this.own = new OwnEnd(
      () => this.mapping.port,
      family => this.moved(family),
    );
    this.sockets = new UdpSockets(ports, this.loop, (...datagram) => this.trackers.udp.received(...datagram), this.own);
    const ws = wsTrackers(ports, this.loop, NO_RTC, random, (url, at) => {
      for (const { announcer } of this.torrents.values()) announcer.forgotten(url, at);
    });
    this.trackers = new Trackers(ports.http, this.sockets, random, (...seen) => this.own.seenAs('tracker', ...seen), ws);
    const open = () => ({ tcp: this.incoming.port, udp: this.sockets.port });
    this.mapping = new PortMapping(ports, this.loop, this.own, this.torrents, open);
    this.local = new LsdSockets(ports, this.loop, () => this.incoming.port);
    const security = { encryption: () => this.settings.encryption, random: (count: number) => ports.random.bytes(count) };
    this.incoming = new Incoming(ports, this.loop, this.torrents, this.limits, this.ids, security, port =>
      this.sockets.open(port, () => this.mapping.ask(this.settings.portMapping)),
    );
    this.turns = new Turns(this.settings, this.torrents, this.loop);
    const around: Surroundings = {
      ids: this.ids,
      budget: this.budget,
      limits: this.limits,
      fetches: { max: MAX_FETCHES, open: 0 },
      own: this.own,
      peerId: makePeerId(ports.random.bytes(12)),
      key: Math.floor(random() * 2 ** 31),
      client: `Starling ${options.version}`,
      random,
      security,
      wall: () => Math.floor(ports.clock.wall()),
      listenPort: () => this.mapping.port,
      identified: id => {
        const torrent = this.torrents.get(id);
        if (torrent) this.torrents.identify(torrent);
      },
      dht: this.sockets.dht,
      lsd: this.local.lsd,
      line: this.turns,
      settings: () => this.settings,
      interest: (id, peer) => {
        const torrent = this.torrents.get(id);
        if (torrent) this.choker.interested(this.candidates.of(torrent, peer), this.candidates.unchoked);
      },
    };
    this.intake = new Intake(this.torrents, around, this.loop, ports.log, {
      now: () => ports.clock.now(),
      attached: () => this.attached,
      changed: torrent => this.changed.add(torrent),
    });
  }

  /** Once, before anything else: the records of the state store. What cannot be read is logged and left alone. */
  load(records: readonly { readonly key: string; readonly value: Uint8Array }[]): void {
    const byKey = new Map(records.map(({ key, value }) => [key, value]));
    const settings = byKey.get(SETTINGS_KEY);
    if (settings) this.settings = decodeSettings(settings);
    this.turns.queue.limit(this.settings);
    this.limits.max = this.settings.maxConnections;
    const nodes = byKey.get(DHT_RECORD);
    if (nodes) this.sockets.dht.restore(nodes);
    for (const [key, value] of byKey) {
      const id = /^t\/([0-9a-f]{40})\/torrent$/.exec(key)?.[1];
      if (id === undefined || this.torrents.get(id)) continue;
      this.loop.run(() => this.intake.restore(id, value, byKey.get(`t/${id}/progress`)));
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
      if (!tag || !this.torrents.get(id)) this.ports.store.drop(buffer.buffer);
      else byTorrent.set(id, [...(byTorrent.get(id) ?? []), { piece: tag.piece, kept: buffer }]);
    }
    this.loop.eraseAgain();
    this.rates.attach();
    this.incoming.listen();
    if (this.settings.lsd) this.local.open();
    for (const torrent of this.turns.inOrder()) {
      this.loop.event(torrent, now => torrent.attach(byTorrent.get(torrent.id) ?? [], now));
    }
  }

  /** They are gone. To be called first; what is pending is answered after it. */
  detach(): void {
    if (!this.attached) return;
    this.attached = false;
    for (const torrent of this.torrents.values()) this.loop.event(torrent, now => torrent.detach(now));
    this.loop.forgetConnections();
    this.rates.detach();
    this.incoming.detach();
    this.mapping.close();
    this.trackers.clear();
    this.sockets.close();
    this.local.close();
  }

  /** Takes in a magnet or a .torrent, to be started or removed. Throws an EngineError with a message for people. */
  add(source: AddSource): { id: string; already: boolean } {
    return this.intake.add(source);
  }

  /** `priorities` in the order of the files shown; null for those that it has. */
  start(id: string, priorities: readonly FilePriority[] | null, root: string): void {
    const torrent = this.named(id);
    if (torrent.started) return;
    const chosen = priorities && torrent.meta ? allPriorities(torrent.meta.layout.files, priorities) : null;
    this.loop.event(torrent, now => torrent.start(root, chosen, now));
  }

  pause(id: string): void {
    const torrent = this.named(id);
    this.loop.event(torrent, now => torrent.pause(now));
  }

  resume(id: string): void {
    const torrent = this.named(id);
    this.loop.event(torrent, now => torrent.resume(this.attached, now));
  }

  /** Gives these of the files shown a priority. */
  prioritise(id: string, files: readonly number[], priority: FilePriority): void {
    const torrent = this.named(id);
    const shown = shownFiles(torrent.meta?.layout.files ?? []);
    const inside = files.map(file => shown[file]).filter(file => file !== undefined);
    this.loop.event(torrent, now => torrent.prioritise(changed(torrent.priorities, inside, priority), now));
  }

  set(id: string, options: Partial<TorrentOptions>): void {
    const torrent = this.named(id);
    this.loop.event(torrent, now => {
      torrent.set(options, now);
      this.rates.settle(torrent);
    });
  }

  /** Gives it these trackers in place of those that it has. Throws an EngineError where one is none. */
  editTrackers(id: string, tiers: readonly (readonly string[])[]): void {
    const torrent = this.named(id);
    const read = readTiers(tiers);
    this.loop.event(torrent, now => {
      torrent.announcer.edit(read, now);
      torrent.recorder.writeTorrent();
    });
  }

  /** Asks that tracker, or all, as soon as they allow it. */
  announce(id: string, url: string | null): void {
    const torrent = this.named(id);
    this.loop.event(torrent, now => torrent.announcer.again(url, now));
  }

  /** Gives it labels and takes others away. */
  label(id: string, add: readonly string[], remove: readonly string[]): void {
    this.set(id, { labels: relabel(this.named(id).options.labels, add, remove) });
  }

  /** Moves them in the line that they wait in. */
  move(ids: readonly string[], to: MoveTo): void {
    const torrents = ids.map(id => this.named(id));
    this.loop.run(() => this.turns.move(torrents, to));
  }

  /** Reads its files again; that needs the store. */
  recheck(id: string): void {
    const torrent = this.named(id);
    if (!this.attached) {
      throw new EngineError('daemon-away', 'The files cannot be checked while the helper is away. Start it, then try again.');
    }
    this.loop.event(torrent, now => {
      torrent.at(now);
      torrent.work.recheck(now);
    });
  }

  /** `withData` also deletes its files; that needs the store. */
  remove(id: string, withData: boolean): void {
    const torrent = this.named(id);
    if (withData && torrent.started && !this.attached) {
      throw new EngineError('daemon-away', 'The files cannot be deleted while the helper is away. Start it, then try again.');
    }
    this.torrents.remove(torrent);
    this.changed.delete(torrent);
    this.removed.push(torrent.id);
    this.loop.event(torrent, () => torrent.remove(withData));
  }

  /** Sets what is given and keeps it. Connections that are not allowed any more end. */
  configure(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    this.ports.state.write([{ key: SETTINGS_KEY, value: encodeSettings(this.settings) }], problem => {
      if (problem !== '') this.ports.log('warn', `the settings could not be saved: ${problem}`);
    });
    if (!this.settings.lsd) this.local.close();
    else if (this.attached) this.local.open();
    this.limits.max = this.settings.maxConnections;
    this.rates.review();
    this.loop.run(() => this.turns.queue.limit(this.settings));
    if (change.portMapping !== undefined && this.attached) this.mapping.ask(this.settings.portMapping);
    if (this.settings.encryption !== 'require') return;
    for (const torrent of this.torrents.values()) this.loop.event(torrent, now => torrent.peerSet.closePlain(now));
  }

  rows(): TorrentView[] {
    const now = this.ports.clock.now();
    return [...this.torrents.values()].map(torrent => viewTorrent(torrent, this.rates.of(torrent), now));
  }

  /** What changed since the last call. */
  takeChanges(): { rows: TorrentView[]; removed: string[] } {
    const now = this.ports.clock.now();
    for (const torrent of this.turns.takeShifted()) this.changed.add(torrent);
    const rows = [...this.changed].map(torrent => viewTorrent(torrent, this.rates.of(torrent), now));
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
    this.closeBy = this.ports.clock.now() + CLOSE_WITHIN;
    this.limits.max = 0;
    for (const torrent of this.torrents.values()) {
      this.loop.event(torrent, now => {
        torrent.peerSet.closeAll(now);
        if (torrent.phase === 'running') torrent.content?.storage.recordSoon(now - SECOND);
        torrent.tick(now, false);
      });
    }
    this.closeIfIdle();
  }

  /** Our public address of that family is another from now on. */
  private moved(family: Family): void {
    this.sockets.dht.moved(family, this.ports.clock.now());
    for (const torrent of this.torrents.values()) torrent.peerSet.swarm.rerank();
  }

  private named(id: string): Torrent {
    const torrent = this.torrents.get(id);
    if (!torrent) throw new EngineError('no-such-torrent', 'This torrent is not in the list any more.');
    return torrent;
  }

  // Time

  private schedule(): void {
    if (this.ticking || !this.attached) return;
    const idle =
      !this.sockets.dht.isOpen &&
      this.incoming.isIdle &&
      this.trackers.isIdle &&
      [...this.torrents.values()].every(torrent => torrent.isIdle);
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
      this.loop.run(() => torrent.tick(now, second));
    }
    if (second) this.rates.tick(this.torrents.values());
    if (second) this.loop.run(() => this.choker.tick(this.candidates.all(), now));
    if (second) this.loop.run(() => this.sockets.dht.tick(now));
    if (second) this.local.lsd.tick(now);
    this.incoming.tick(now);
    this.loop.run(() => this.trackers.tick(now));
    this.schedule();
  }

  private closeIfIdle(): void {
    if (!this.closing) return;
    const isIdle = [...this.torrents.values()].every(torrent => torrent.content?.storage.idle ?? true);
    if (!isIdle && this.attached && this.ports.clock.now() < this.closeBy) return;
    const done = this.closing;
    this.closing = null;
    done();
  }
}
