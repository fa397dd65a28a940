import { Activity } from './activity.ts';
import { Changes } from './changes.ts';
import { addPeer, peerNamed, prioritise, rebar, setOptions, withHosts } from './choices.ts';
import { Departures } from './departures.ts';
import { Exporting } from './exporting.ts';
import { Restoring } from './restoring.ts';
import { Ids } from './effects.ts';
import { type Refusal, refusal } from './errors.ts';
import type { FilePlace, KeptPiece } from './events.ts';
import type { News } from './news.ts';
import { Closing } from './closing.ts';
import { hasWork } from './has-work.ts';
import type { Ports } from './ports.ts';
import { Pulse } from './pulse.ts';
import { beat } from './beat.ts';
import { drawing } from './chance.ts';
import { MAX_BANNED_HERE, relabel, type TorrentOptions } from './options.ts';
import { Giving } from './giving.ts';
import { HandingOver, type Audience } from './handing-over.ts';
import { Identity } from './identity.ts';
import { Doors, type SessionOptions } from './doors.ts';
import { Intake, type Added, type AddSource } from './intake.ts';
import { sortKept } from './kept.ts';
import type { RateLimits } from './limits.ts';
import { lose, mendAll, refuse } from './looks.ts';
import { Loop } from './loop.ts';
import type { PortMapping } from './port-mapping.ts';
import { allPriorities, changed, shownFiles, type FilePriority } from './priorities.ts';
import { Reading } from './reading.ts';
import { Registry } from './registry.ts';
import { deletionOf, mustBeDeletable } from './removals.ts';
import { Roots } from './roots.ts';
import type { Torrent } from './torrent.ts';
import type { Naming } from './whereabouts.ts';
import { toHex } from './model/ids.ts';
import { Taking } from './taking.ts';
import { readTiers } from './tiers.ts';
import { Turns } from './turns.ts';
import type { MoveTo } from './order.ts';
import { decodeSettings, DEFAULT_SETTINGS, encodeSettings, MAX_BANNED, notSaved, SETTINGS_KEY } from './settings.ts';
import type { Settings } from './settings.ts';
import { Shares } from './shares.ts';
import type { Surroundings } from './surroundings.ts';
import { viewLeft } from './view-problem.ts';
import { viewDetail, type DetailPart, type DetailView, type TorrentView } from './view.ts';

const SECOND = 1000;

/**
 * The one loop that meets the ports: what the world tells goes to the torrent that it concerns, and what that torrent
 * wants done is carried out when it has finished thinking. Nothing here decides about pieces or peers.
 */
export class Session {
  private readonly torrents = new Registry<Torrent>();
  private readonly ids = new Ids();
  private readonly loop: Loop;
  private readonly shares: Shares;
  private readonly doors: Doors;
  /** Whoever reads files while they come. */
  readonly reading: Reading;
  /** The folders that downloads go to. */
  readonly roots: Roots;
  private readonly intake: Intake;
  /** What it did and does, for who looks. */
  readonly activity: Activity;
  /** What other engines of ours may have of this one, and this one of them. */
  readonly giving: Giving;
  readonly taking: Taking;
  /** Torrents as they are taken elsewhere, and come back. */
  readonly exporting: Exporting;
  readonly restoring: Restoring;
  /** Removals that can be taken back. */
  readonly departures: Departures;
  private readonly turns: Turns;
  private readonly changes: Changes;
  settings: Settings = DEFAULT_SETTINGS;
  private attached = false;
  private readonly pulse: Pulse;
  private readonly closing: Closing;
  private readonly handing: HandingOver;

  constructor(
    private readonly ports: Ports,
    options: SessionOptions & Audience,
  ) {
    const random = drawing(ports.random);
    this.loop = new Loop(ports, {
      touched: torrent => {
        if (this.torrents.get(torrent.id) === torrent) this.changes.add(torrent);
      },
      joined: (torrent, conn) => this.shares.rates.joined(torrent, conn),
      downGroup: torrent => this.shares.rates.groupOf(torrent, 'down'),
      happened: (torrent, what) => this.handing.happened(torrent, what),
      announced: (url, isThere) => this.handing.history.trackers.told(url, isThere),
      settled: () => {
        this.pulse.goOn();
        this.closing.look();
      },
      introduced: (conn, bytes) => this.doors.incoming.introduce(conn, bytes),
      sourced: (torrent, url, problem, body) => this.intake.sourced(torrent, url, problem, body),
      announce: (url, announce, done) => this.doors.trackers.announce(url, announce, ports.clock.now(), done),
      scrape: (url, infoHash, done) => this.doors.trackers.scrape(url, infoHash, ports.clock.now(), done),
    });
    ports.store.onRefused((buffer, problem) => refuse(buffer, problem, this.torrents.values(), this.loop));
    this.departures = new Departures(ports.clock, this.torrents, this.loop, () => this.attached, this);
    this.closing = new Closing(
      ports.clock,
      () =>
        !this.attached ||
        (this.handing.isSettled && [...this.torrents.values()].every(torrent => torrent.content?.storage.idle ?? true)),
    );
    this.pulse = new Pulse(
      ports.clock,
      () => this.isIdle,
      (now, second) => {
        const { changes, departures, shares, doors, handing, turns } = this;
        const parts = { changes, departures, shares, doors, handing, turns };
        beat(this.loop, this.torrents, parts, now, second && { rested: this.pulse.rested });
      },
    );
    const settings = (): Settings => this.settings;
    this.shares = new Shares(ports.clock, ports.store, random, this.loop, this.torrents, settings);
    const security = { encryption: () => this.settings.encryption, random: (count: number) => ports.random.bytes(count) };
    this.changes = new Changes(this.shares.rates, ports.clock);
    const identity = new Identity(ports.random.bytes(12), Math.floor(random() * 2 ** 31), Math.floor(ports.clock.wall()));
    const { peerId } = identity;
    const { limits, budget, fetches } = this.shares;
    this.doors = new Doors(ports, options, this.loop, this.torrents, limits, this.ids, peerId, security, random, settings);
    this.handing = new HandingOver(ports.clock, this.loop, identity, this.doors, this.torrents, settings, options);
    this.activity = new Activity(this.handing, this.doors, this.shares, this.pulse, this.torrents, ports.clock);
    this.reading = new Reading(ports, this.loop, this.torrents);
    this.roots = new Roots(this.torrents, () => this.attached && mendAll(this.torrents.values(), this.loop));
    this.turns = new Turns(settings, ports.clock, this.torrents, this.loop);
    const around: Surroundings = {
      ids: this.ids,
      archive: this.shares.archive,
      budget,
      limits,
      fetches,
      reach: this.doors.reach,
      own: this.doors.own,
      peerId,
      key: () => identity.key,
      client: `Starling ${options.version}`,
      random,
      security,
      wall: () => Math.floor(ports.clock.wall()),
      listenPort: () => this.doors.mapping.port,
      identified: id => this.torrents.identified(id),
      dht: this.doors.udp.dht,
      lsd: this.doors.local.lsd,
      line: this.turns,
      settings,
      root: token => this.roots.get(token),
      interest: (id, peer) => this.shares.interested(id, peer),
    };
    this.intake = new Intake(this.torrents, around, this.loop, ports.log, {
      now: () => ports.clock.now(),
      attached: () => this.attached,
      changed: torrent => this.changes.add(torrent),
    });
    this.exporting = new Exporting(this.torrents, (key, done) => ports.state.read(key, done));
    this.restoring = new Restoring(this, this.torrents, this.loop, this.intake, () => this.attached, around.wall);
    this.giving = new Giving(this.torrents, this.loop, () => toHex(ports.random.bytes(16)));
    this.taking = new Taking(this.torrents, this.loop, this.intake, () => this.attached);
  }

  /** Once, before anything else: the records of the state store. What cannot be read is logged and left alone. */
  load(records: readonly { readonly key: string; readonly value: Uint8Array }[]): void {
    const byKey = new Map(records.map(({ key, value }) => [key, value]));
    const settings = byKey.get(SETTINGS_KEY);
    if (settings) this.settings = decodeSettings(settings);
    this.turns.queue.limit(this.settings);
    this.shares.begin();
    this.handing.begin(byKey);
    this.giving.begin(byKey);
    this.intake.restore(byKey);
    this.departures.restore();
    this.handing.goOn();
  }

  /** Net and store can be used from now on, for the first time or again; `kept` outlived the last connection, lost by this engine or another at `lostAt`, ms since 1970. */
  attach(kept: readonly KeptPiece[], lostAt: number | null = null): void {
    if (this.attached) return;
    this.attached = true;
    this.ids.reserveBuffers(kept.reduce((top, { buffer }) => Math.max(top, buffer), 0));
    const { byTorrent, nobodys } = sortKept(kept, id => this.torrents.get(id) !== undefined);
    for (const { buffer } of nobodys) this.ports.store.drop(buffer);
    this.loop.eraseAgain();
    this.departures.attach();
    this.shares.rates.attach();
    this.doors.open();
    if (lostAt !== null) this.handing.reaches(false, lostAt);
    this.handing.reaches(true);
    for (const torrent of this.turns.inOrder()) {
      this.loop.event(torrent, now => torrent.attach(byTorrent.get(torrent.id) ?? [], now));
    }
  }

  /** They are gone. To be called first; what is pending is answered after it. */
  detach(): void {
    if (!this.attached) return;
    this.attached = false;
    for (const torrent of this.torrents.values()) this.loop.event(torrent, () => torrent.detach());
    this.loop.forgetConnections();
    this.shares.rates.detach();
    this.doors.close();
    this.handing.reaches(false);
    this.reading.detach();
  }

  /** Takes in a magnet or a .torrent, to be started or removed. Throws an EngineError where it is none, or cannot be. */
  add(source: AddSource): Added {
    const added = this.intake.add(source);
    // Who adds it again wants it.
    if (added.isBack) this.departures.takeBack([added.id], () => undefined);
    return added;
  }

  has(id: string): boolean {
    return this.torrents.get(id) !== undefined;
  }

  /** `priorities` in the order of the files shown; null for those that it has. */
  start(id: string, priorities: readonly FilePriority[] | null, root: string): void {
    const torrent = this.torrents.named(id);
    if (torrent.started) return;
    const chosen = priorities && torrent.meta ? allPriorities(torrent.meta.layout.files, priorities) : null;
    this.loop.event(torrent, () => torrent.start(root, chosen));
  }

  pause(id: string): void {
    const torrent = this.torrents.named(id);
    this.loop.event(torrent, () => torrent.pause());
  }

  resume(id: string): void {
    const torrent = this.torrents.named(id);
    this.loop.event(torrent, () => torrent.resume(this.attached));
  }

  /** Gives these of the files shown a priority. */
  prioritise(id: string, files: readonly number[], priority: FilePriority): void {
    const torrent = this.torrents.named(id);
    const shown = shownFiles(torrent.substance.files);
    const inside = files.map(file => shown[file]).filter(file => file !== undefined);
    this.loop.event(torrent, now => prioritise(torrent, changed(torrent.substance.priorities, inside, priority), now));
  }

  set(id: string, options: Partial<TorrentOptions>): void {
    const torrent = this.torrents.named(id);
    const read = withHosts(options);
    this.loop.event(torrent, now => {
      setOptions(torrent, read, now);
      this.shares.rates.settle(torrent);
    });
  }

  /** Gives it these trackers in place of those that it has. Throws a Refusal where one is none. */
  editTrackers(id: string, tiers: readonly (readonly string[])[]): void {
    const torrent = this.torrents.named(id);
    const read = readTiers(tiers);
    this.loop.event(torrent, now => {
      torrent.announcer.edit(read, now);
      torrent.recorder.writeTorrent();
    });
  }

  /** Asks that tracker, or all, as soon as they allow it. */
  announce(id: string, url: string | null): void {
    const torrent = this.torrents.named(id);
    this.loop.event(torrent, now => torrent.announcer.again(url, now));
  }

  /** Asks a web seed of it again, whatever became of it. */
  askWebSeed(id: string, url: string): void {
    const torrent = this.torrents.named(id);
    this.loop.event(torrent, now => torrent.webSeeds.again(url, now));
  }

  /** Goes to a peer that a person names. Throws a Refusal where it cannot be one of this torrent. */
  addPeer(id: string, host: string, port: number): void {
    const torrent = this.torrents.named(id);
    const address = peerNamed(torrent, host, port);
    this.loop.event(torrent, now => addPeer(torrent, address, now));
  }

  /** Gives it labels and takes others away. */
  label(id: string, add: readonly string[], remove: readonly string[]): void {
    this.set(id, { labels: relabel(this.torrents.named(id).options.labels, add, remove) });
  }

  /** Moves them in the line that they wait in. */
  move(ids: readonly string[], to: MoveTo): void {
    const torrents = ids.map(id => this.torrents.named(id));
    this.loop.run(() => this.turns.move(torrents, to));
  }

  /** Takes its files to another root. Throws a Refusal where that cannot be. */
  relocate(id: string, root: string): void {
    const torrent = this.torrents.named(id);
    // A window that did not hear that it was done says it again.
    if (torrent.started && torrent.substance.root === root) return;
    this.name(torrent, { ...torrent.substance.where.naming, root });
  }

  /** Gives the file or folder at `path`, as the detail has it, another name. Throws a Refusal where that cannot be. */
  rename(id: string, path: readonly string[], to: string): void {
    const torrent = this.torrents.named(id);
    this.name(torrent, torrent.substance.where.renamed(path, to));
  }

  private name(torrent: Torrent, naming: Naming): void {
    torrent.relocation.wish(naming, this.attached);
    this.loop.event(torrent, () => {
      if (this.attached) torrent.relocate();
    });
  }

  /** Bytes of these files are gone from the store: their torrents are to be looked at. */
  lost(files: readonly FilePlace[]): void {
    lose(files, this.torrents.values(), this.loop);
  }

  /** Reads its files again; that needs the store. */
  recheck(id: string): void {
    const torrent = this.torrents.named(id);
    if (!this.attached) throw refusal('checked-away');
    this.loop.event(torrent, now => torrent.work.recheck(now));
  }

  /** `withData` also deletes its files, or what has been `brought` of them; that needs the store. */
  remove(id: string, withData: boolean | 'brought'): void {
    const torrent = this.torrents.named(id);
    if (withData === true) mustBeDeletable(torrent, this.attached);
    this.torrents.remove(torrent);
    this.departures.forget(torrent);
    this.changes.remove(torrent);
    this.handing.removed(torrent.id);
    this.loop.event(torrent, () => torrent.remove(deletionOf(torrent, withData, this.roots)));
  }

  /** Sets what is given and keeps it; `saved` tells why it could not be kept. Connections that are not allowed any more end. */
  configure(change: Partial<Settings>, saved?: (error: Refusal | null) => void): void {
    this.settings = { ...this.settings, ...withHosts(change) };
    this.loop.keep(SETTINGS_KEY, encodeSettings(this.settings), problem => saved?.(problem === '' ? null : notSaved(problem)));
    this.shares.review();
    this.loop.run(() => this.turns.configured());
    this.doors.review(change, this.attached);
    for (const torrent of this.torrents.values()) this.loop.event(torrent, now => torrent.peerSet.allow(change, now));
  }

  /** Has addresses barred, and others let in again: for a torrent, or (null) for all. `saved` as of {@link configure}. */
  ban(of: string | null, add: readonly string[], remove: readonly string[], saved: (error: Refusal | null) => void): void {
    if (of === null) return this.configure({ banned: rebar(this.settings.banned, add, remove, MAX_BANNED) }, saved);
    this.set(of, { banned: rebar(this.torrents.named(of).options.banned, add, remove, MAX_BANNED_HERE) });
    saved(null);
  }

  /** Another engine under the same limits moves so many bytes a second: what that leaves is for this one. */
  share(elsewhere: RateLimits): void {
    this.shares.rates.elsewhere = elsewhere;
  }

  get mapping(): PortMapping {
    return this.doors.mapping;
  }

  /** There is reason to run while nobody looks. */
  get hasWork(): boolean {
    return hasWork(this.torrents.values());
  }

  /** What happened while nobody looked; it is then forgotten. */
  takeNews(): News[] {
    return this.handing.news.take();
  }

  rows(): TorrentView[] {
    return this.changes.rows(this.torrents.values());
  }

  /** What changed since the last call. */
  takeChanges(): { rows: TorrentView[]; removed: string[]; left: ReturnType<typeof viewLeft>[] } {
    for (const torrent of this.turns.takeShifted()) this.changes.add(torrent);
    return { ...this.changes.take(), left: this.loop.removals.take().map(viewLeft) };
  }

  /** `part`: what is made of it only for who looks at that. */
  detail(id: string, part: DetailPart | null = null): DetailView | null {
    const torrent = this.torrents.get(id);
    return torrent ? viewDetail(torrent, part, this.ports.clock.now()) : null;
  }

  /** Makes durable what can be, then calls back; the engine must not be used after it. */
  close(done: () => void): void {
    this.shares.close();
    if (this.attached) this.handing.end(this.pulse.rested);
    for (const torrent of this.torrents.values()) {
      this.loop.event(torrent, now => {
        torrent.peerSet.closeAll(now);
        torrent.transfer.stop();
        if (torrent.phase === 'running') torrent.content?.storage.recordSoon(now - SECOND);
        torrent.tick(now, false);
      });
    }
    this.closing.begin(() => {
      // Trackers over WebSocket and who lends WebRTC outlast the daemon's connection, and would be answered for ever. The nodes of
      // the DHT are recorded with it, after what every torrent has to keep.
      this.loop.run(() => this.doors.close());
      done();
    });
    this.pulse.goOn();
  }

  // Time

  private get isIdle(): boolean {
    if (this.closing.isUnderWay || !this.departures.isIdle) return false;
    return (
      !this.attached || (this.doors.isIdle && this.turns.isIdle && [...this.torrents.values()].every(torrent => torrent.isIdle))
    );
  }
}
